#include "planner/search/greedy.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/reason.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

namespace shardwright {
namespace {

struct Item {
  double weight;
  Shard shard;
};

// Heaviest on top; of equals the first of the first table.
struct Later {
  bool operator()(const Item& a, const Item& b) const {
    return std::tuple(-a.weight, a.shard.table, a.shard.col_begin) >
           std::tuple(-b.weight, b.shard.table, b.shard.col_begin);
  }
};

auto place_in_table(const Shard& shard) {
  return std::tuple(shard.table, shard.row_begin, shard.col_begin);
}

bool comes_before(const Shard& a, const Shard& b) { return place_in_table(a) < place_in_table(b); }

class Greedy {
 public:
  Greedy(const Problem& problem, const GreedyRule& rule)
      : problem_(problem),
        rule_(rule),
        room_(problem.room),
        loads_(problem.room.size()),
        stories_(problem.workload.tables.size()) {}

  Placement run() {
    for (std::size_t i = 0; i < stories_.size(); ++i) begin(TableId::of(i));
    while (!queue_.empty()) {
      const Item item = queue_.top();
      queue_.pop();
      place(item);
    }
    std::sort(placement_.shards.begin(), placement_.shards.end(), comes_before);
    std::sort(placement_.unplaced.begin(), placement_.unplaced.end(), comes_before);
    name_as_column_wise();
    placement_.reasons = reasons_of(problem_, rule_, stories_);
    return std::move(placement_);
  }

 private:
  void begin(TableId table) {
    const auto parts = coarsest_cut(problem_, table);
    Story& story = stories_[table.index()];
    story.first_parts = story.parts = static_cast<std::int64_t>(parts.size());
    for (const Shard& part : parts) story.weight += push(part);
  }

  double push(const Shard& shard) {
    const double weight =
        rule_.weight ? rule_.weight(problem_.workload.table(shard.table), shard) : 0;
    queue_.push({weight, shard});
    return weight;
  }

  void place(const Item& item) {
    const Bytes needed = bytes_of(problem_, item.shard);
    Story& story = stories_[item.shard.table.index()];
    const auto candidates = ranks_with_room(item.shard.table, needed);
    if (!candidates.empty()) {
      story.candidates = candidates.size();
      assign(item, needed, rule_.choose(candidates, loads_));
    } else if (const auto halves = halve(problem_, item.shard, story.parts)) {
      if (story.parts++ == story.first_parts) story.fitted_nowhere = needed;
      push(halves->first);
      push(halves->second);
    } else {
      placement_.unplaced.push_back(item.shard);
    }
  }

  std::vector<RankId> ranks_with_room(TableId table, Bytes needed) const {
    std::vector<RankId> ranks;
    for (const RankId rank : problem_.rules[table.index()].ranks) {
      if (needed <= room_[rank.index()]) ranks.push_back(rank);
    }
    return ranks;
  }

  void assign(const Item& item, Bytes needed, RankId rank) {
    room_[rank.index()] -= needed;
    loads_[rank.index()] += item.weight;
    placement_.shards.push_back(item.shard);
    placement_.shards.back().rank = rank;
  }

  // A table that was halved has one type for all its parts, also for those cut off first.
  void name_as_column_wise() {
    for (Shard& shard : placement_.shards) {
      if (stories_[shard.table.index()].parts > 1) shard.type = ShardingType::column_wise;
    }
  }

  const Problem& problem_;
  const GreedyRule& rule_;
  std::vector<Bytes> room_;
  std::vector<double> loads_;
  std::vector<Story> stories_;
  std::priority_queue<Item, std::vector<Item>, Later> queue_;
  Placement placement_;
};

}  // namespace

Placement place_greedily(const Problem& problem, const GreedyRule& rule) {
  return Greedy(problem, rule).run();
}

GreedyRule by_weight(std::string name, std::function<double(const Table&, const Shard&)> weight) {
  const auto least_loaded = [](const std::vector<RankId>& candidates,
                               const std::vector<double>& loads) {
    return *std::min_element(candidates.begin(), candidates.end(), [&](RankId a, RankId b) {
      return loads[a.index()] < loads[b.index()];
    });
  };
  return {std::move(weight), std::move(name), least_loaded, "least loaded"};
}

}  // namespace shardwright
