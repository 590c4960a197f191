#include "planner/search/torchrec_greedy.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/torchrec_partition.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>

namespace shardwright {
namespace {

using torchrec::Option;
using torchrec::Partitioner;
using torchrec::SortBy;

constexpr double kMostGridProposals = 10'000;  // MAX_PROPOSALS

// One option per table, by its place in the table's list.
using Proposal = std::vector<std::size_t>;

struct Setting {
  SortBy sort_by = SortBy::storage;
  std::int64_t min_partition = 128;  // MIN_CW_DIM
  bool memory_balanced = false;
};

class TorchrecPlanner {
 public:
  TorchrecPlanner(const Problem& problem, const Setting& setting)
      : problem_(problem),
        memory_balanced_(setting.memory_balanced),
        partitioner_(problem, setting.sort_by),
        enumerated_(torchrec::enumerate_options(problem, setting.min_partition)),
        options_(enumerated_) {}

  Placement run() {
    if (!complete()) return nothing();
    const auto most = [](const Option& option) { return option.most_ms(); };
    const auto sum = [](const Option& option) { return option.sum_ms(); };
    sort_options(most);
    propose_grid();
    propose_greedily();
    sort_options(sum);
    propose_greedily();
    propose_uniform();
    return best_ ? placement() : nothing();
  }

 private:
  bool complete() const {
    return std::none_of(options_.begin(), options_.end(),
                        [](const auto& options) { return options.empty(); });
  }

  // Ties in the order of enumeration.
  void sort_options(const std::function<double(const Option&)>& score) {
    options_ = enumerated_;
    for (auto& options : options_) {
      std::stable_sort(options.begin(), options.end(),
                       [&](const Option& a, const Option& b) { return score(a) < score(b); });
    }
  }

  // All combinations, if they are not too many.
  void propose_grid() {
    double count = 1;
    for (const auto& options : options_) count *= static_cast<double>(options.size());
    if (count > kMostGridProposals) return;
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
  void propose_greedily() {
    Proposal proposal(options_.size());
    while (true) {
      try_proposal(proposal);
      std::optional<std::size_t> largest;
      const auto memory = [&](std::size_t table) {
        const Option& option = options_[table][proposal[table]];
        return std::pair(option.most_memory(), option.sum_memory());
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
    for (const ShardingType type : kAllShardingTypes) {
      Proposal proposal;
      for (const auto& options : options_) {
        const auto found = std::find_if(options.begin(), options.end(),
                                        [&](const Option& o) { return o.type() == type; });
        if (found == options.end()) break;
        proposal.push_back(static_cast<std::size_t>(found - options.begin()));
      }
      if (proposal.size() == options_.size()) try_proposal(proposal);
    }
  }

  void try_proposal(const Proposal& proposal) {
    std::vector<const Option*> options;
    for (std::size_t table = 0; table < proposal.size(); ++table) {
      options.push_back(&options_[table][proposal[table]]);
    }
    auto partition = memory_balanced_ ? partitioner_.partition_balanced(options)
                                      : partitioner_.partition(options);
    if (!partition || (best_ && partition->cost_ms >= best_->cost_ms)) return;
    best_ = std::move(partition);
    best_shards_.clear();
    for (const Option* option : options) best_shards_.push_back(option->shards);
  }

  Placement placement() const {
    Placement placement;
    for (std::size_t table = 0; table < best_shards_.size(); ++table) {
      const auto& shards = best_shards_[table];
      if (shards.front().type == ShardingType::data_parallel) {
        placement.shards.push_back(shards.front());
        continue;
      }
      for (std::size_t i = 0; i < shards.size(); ++i) {
        placement.shards.push_back(shards[i]);
        placement.shards.back().rank = best_->ranks[table][i];
      }
    }
    std::sort(placement.shards.begin(), placement.shards.end(), [](const Shard& a, const Shard& b) {
      return std::tuple(a.table, a.row_begin, a.col_begin) <
             std::tuple(b.table, b.row_begin, b.col_begin);
    });
    placement.reasons.assign(options_.size(), "placed by the best proposal");
    return placement;
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
  bool memory_balanced_;
  Partitioner partitioner_;
  std::vector<std::vector<Option>> enumerated_;  // per table
  std::vector<std::vector<Option>> options_;     // the same, in the order of the proposer at work
  std::optional<Partitioner::Partition> best_;
  std::vector<std::vector<Shard>> best_shards_;  // per table, without ranks
};

}  // namespace

Placement torchrec_greedy(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, {}).run();
}

Placement torchrec_greedy_perf(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, {.sort_by = SortBy::perf}).run();
}

Placement torchrec_greedy_64(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, {.min_partition = 64}).run();
}

Placement torchrec_greedy_perf_64(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, {.sort_by = SortBy::perf, .min_partition = 64}).run();
}

Placement torchrec_greedy_perf_32(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, {.sort_by = SortBy::perf, .min_partition = 32}).run();
}

Placement torchrec_memory_balanced(const Problem& problem, std::uint64_t /*seed*/) {
  return TorchrecPlanner(problem, {.sort_by = SortBy::perf, .memory_balanced = true}).run();
}

}  // namespace shardwright
