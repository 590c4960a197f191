#include "planner/search/greedy.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/reason.hpp"

#include <algorithm>
#include <queue>
#include <set>
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
        stories_(problem.workload.tables.size()),
        held_(problem.room.size()) {}

  Placement run() {
    for (std::size_t i = 0; i < stories_.size(); ++i) begin(TableId::of(i));
    while (!queue_.empty()) {
      const Item item = queue_.top();
      queue_.pop();
      place(item);
    }
    for (std::size_t i = 0; i < stories_.size(); ++i) {
      stories_[i] = stories_[problem_.companions.leader[i].index()];
    }
    std::sort(placement_.shards.begin(), placement_.shards.end(), comes_before);
    std::sort(placement_.unplaced.begin(), placement_.unplaced.end(), comes_before);
    name_as_column_wise();
    placement_.reasons = reasons_of(problem_, rule_, stories_);
    return std::move(placement_);
  }

 private:
  void begin(TableId table) {
    if (!problem_.companions.leads(table)) return;
    const auto parts = coarsest_cut(problem_, table);
    Story& story = stories_[table.index()];
    story.first_parts = story.parts = static_cast<std::int64_t>(parts.size());
    for (const Shard& part : parts) story.weight += push(part);
  }

  double push(const Shard& shard) {
    double weight = 0;
    for (const Shard& part : with_followers(shard)) {
      if (rule_.weight) weight += rule_.weight(problem_.workload.table(part.table), part);
    }
    queue_.push({weight, shard});
    return weight;
  }

  // The shard, and the tables that go where it goes.
  std::vector<Shard> with_followers(const Shard& shard) const {
    std::vector<Shard> shards = {shard};
    for (const TableId other : problem_.companions.followers[shard.table.index()]) {
      shards.push_back(whole_shard(problem_, other));
    }
    return shards;
  }

  void place(const Item& item) {
    const Bytes needed = bytes_with_followers(problem_, item.shard);
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
      const auto all = with_followers(item.shard);
      placement_.unplaced.insert(placement_.unplaced.end(), all.begin(), all.end());
    }
  }

  std::vector<RankId> ranks_with_room(TableId table, Bytes needed) const {
    std::vector<RankId> ranks;
    for (const RankId rank : problem_.rules[table.index()].ranks) {
      if (needed <= room_[rank.index()] && keeps_apart(table, rank)) ranks.push_back(rank);
    }
    return ranks;
  }

  bool keeps_apart(TableId table, RankId rank) const {
    const auto& held = held_[rank.index()];
    const auto& others = problem_.companions.apart[table.index()];
    return std::none_of(others.begin(), others.end(),
                        [&](TableId other) { return held.contains(other); });
  }

  void assign(const Item& item, Bytes needed, RankId rank) {
    room_[rank.index()] -= needed;
    loads_[rank.index()] += item.weight;
    if (!problem_.companions.apart[item.shard.table.index()].empty()) {
      held_[rank.index()].insert(item.shard.table);
    }
    for (Shard& shard : with_followers(item.shard)) {
      shard.rank = rank;
      placement_.shards.push_back(shard);
    }
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
  std::vector<std::set<TableId>> held_;  // per rank, of tables that must be apart from others
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
