#include "planner/search/torchrec_greedy.hpp"

#include "costmodel/torchrec/perf.hpp"
#include "planner/search/cuts.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>

namespace shardwright {
namespace {

constexpr std::int64_t kLeastColumnWidth = 128;  // MIN_CW_DIM
constexpr double kMostGridProposals = 10'000;    // MAX_PROPOSALS

enum class SortBy { storage, perf };

// One way to cut one table: equal shards without ranks.
struct Option {
  std::vector<Shard> shards;
  double shard_ms = 0;      // of each
  std::int64_t memory = 0;  // of each
  double sum_ms() const { return shard_ms * static_cast<double>(shards.size()); }
  std::int64_t sum_memory() const { return memory * static_cast<std::int64_t>(shards.size()); }
};

// One option per table, by its place in the table's list.
using Proposal = std::vector<std::size_t>;

std::int64_t column_width(const Table& table) {
  for (std::int64_t width = kLeastColumnWidth; width < table.dim; width += kWidthStep) {
    if (table.dim % width == 0) return width;
  }
  return table.dim;
}

class TorchrecPlanner {
 public:
  TorchrecPlanner(const Problem& problem, SortBy sort_by) : problem_(problem), sort_by_(sort_by) {
    for (std::size_t i = 0; i < problem.rules.size(); ++i) enumerate(TableId::of(i));
  }

  Placement run() {
    propose_grid();
    propose_greedily([](const Option& option) { return option.shard_ms; });
    propose_greedily([](const Option& option) { return option.sum_ms(); });
    propose_uniform();
    if (!best_) return nothing();
    best_->reasons.assign(options_.size(), "placed by the best proposal");
    return std::move(*best_);
  }

 private:
  void enumerate(TableId id) {
    const Table& table = problem_.workload.table(id);
    const TableRules& rules = problem_.rules[id.index()];
    auto& options = options_.emplace_back();
    if (rules.table_wise && table.dim <= rules.max_width) {
      options.push_back(option(id, ShardingType::table_wise, table.dim));
    }
    const std::int64_t width = column_width(table);
    const bool cut = width < table.dim;
    const bool legal = rules.column_wise && width <= rules.max_width &&
                       (!cut || width >= rules.min_width) && table.dim / width <= rules.max_shards;
    if (legal) options.push_back(option(id, ShardingType::column_wise, width));
  }

  Option option(TableId id, ShardingType type, std::int64_t width) const {
    const Table& table = problem_.workload.table(id);
    Option option;
    for (std::int64_t begin = 0; begin < table.dim; begin += width) {
      option.shards.push_back({id, type, 0, table.rows, begin, begin + width, {}});
    }
    const Shard& shard = option.shards.front();
    option.shard_ms =
        torchrec::estimate_perf(table, type, width,
                                torchrec::setting_of(problem_.workload, problem_.topology, shard))
            .total();
    option.memory = bytes_of(problem_, shard).value();
    return option;
  }

  bool complete() const {
    return std::none_of(options_.begin(), options_.end(),
                        [](const auto& options) { return options.empty(); });
  }

  // All combinations, if they are not too many.
  void propose_grid() {
    double count = 1;
    for (const auto& options : options_) count *= static_cast<double>(options.size());
    if (count > kMostGridProposals || count == 0) return;
    Proposal proposal(options_.size());
    while (true) {
      try_proposal(proposal);
      std::size_t table = options_.size();
      while (table > 0 && ++proposal[table - 1] == options_[table - 1].size()) {
        proposal[--table] = 0;
      }
      if (table == 0) return;
    }
  }

  // From every table's fastest option; each step moves the table that takes most memory on.
  void propose_greedily(const std::function<double(const Option&)>& score) {
    if (!complete()) return;
    for (auto& options : options_) {
      std::stable_sort(options.begin(), options.end(),
                       [&](const Option& a, const Option& b) { return score(a) < score(b); });
    }
    Proposal proposal(options_.size());
    while (true) {
      try_proposal(proposal);
      std::optional<std::size_t> largest;
      const auto memory = [&](std::size_t table) {
        const Option& option = options_[table][proposal[table]];
        return std::tuple(option.memory, option.sum_memory());
      };
      for (std::size_t table = 0; table < options_.size(); ++table) {
        if (proposal[table] + 1 == options_[table].size()) continue;
        if (!largest || memory(table) > memory(*largest)) largest = table;
      }
      if (!largest) return;
      ++proposal[*largest];
    }
  }

  // All tables of one type.
  void propose_uniform() {
    for (const ShardingType type : {ShardingType::table_wise, ShardingType::column_wise}) {
      Proposal proposal;
      for (const auto& options : options_) {
        for (std::size_t i = 0; i < options.size(); ++i) {
          if (options[i].shards.front().type == type) proposal.push_back(i);
        }
      }
      if (proposal.size() == options_.size()) try_proposal(proposal);
    }
  }

  void try_proposal(const Proposal& proposal) {
    Placement placement;
    const auto most = partition(proposal, placement);
    if (!most || *most >= best_ms_) return;
    best_ms_ = *most;
    best_ = std::move(placement);
  }

  // Largest first, each shard on the rank with the least time that has room. Largest time of a
  // rank, or nothing if a shard found no room.
  std::optional<double> partition(const Proposal& proposal, Placement& placement) const {
    std::vector<double> times(problem_.room.size());
    std::vector<Bytes> room = problem_.room;
    for (const std::size_t table : order(proposal)) {
      const Option& option = options_[table][proposal[table]];
      for (Shard shard : option.shards) {
        const auto rank = least_loaded(table, Bytes(option.memory), room, times);
        if (!rank) return {};
        shard.rank = rank;
        room[rank->index()] -= Bytes(option.memory);
        times[rank->index()] += option.shard_ms;
        placement.shards.push_back(shard);
      }
    }
    std::sort(placement.shards.begin(), placement.shards.end(), [](const Shard& a, const Shard& b) {
      return std::tuple(a.table, a.col_begin) < std::tuple(b.table, b.col_begin);
    });
    return *std::max_element(times.begin(), times.end());
  }

  std::vector<std::size_t> order(const Proposal& proposal) const {
    std::vector<std::size_t> order(proposal.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto key = [&](std::size_t table) {
      const Option& option = options_[table][proposal[table]];
      return sort_by_ == SortBy::perf ? option.sum_ms() : static_cast<double>(option.sum_memory());
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
    return order;
  }

  std::optional<RankId> least_loaded(std::size_t table, Bytes memory,
                                     const std::vector<Bytes>& room,
                                     const std::vector<double>& times) const {
    std::optional<RankId> best;
    for (const RankId rank : problem_.rules[table].ranks) {
      if (memory > room[rank.index()]) continue;
      if (!best || times[rank.index()] < times[best->index()]) best = rank;
    }
    return best;
  }

  Placement nothing() const {
    Placement placement;
    placement.reasons.assign(options_.size(), "no proposal fits");
    for (std::size_t i = 0; i < options_.size(); ++i) {
      const auto cut = coarsest_cut(problem_, TableId::of(i));
      placement.unplaced.insert(placement.unplaced.end(), cut.begin(), cut.end());
    }
    return placement;
  }

  const Problem& problem_;
  SortBy sort_by_;
  std::vector<std::vector<Option>> options_;  // per table
  std::optional<Placement> best_;
  double best_ms_ = std::numeric_limits<double>::infinity();
};

}  // namespace

Placement torchrec_greedy(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, SortBy::storage).run();
}

Placement torchrec_greedy_perf(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, SortBy::perf).run();
}

}  // namespace shardwright
