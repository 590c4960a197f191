#pragma once

#include "planner/search/placement.hpp"
#include "planner/search/torchrec_options.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace shardwright::torchrec {

enum class SortBy { storage, perf };

/// TorchRec's GreedyPerfPartitioner.
class Partitioner {
 public:
  Partitioner(const Problem& problem, SortBy sort_by);

  /// One option per table, with ranks, and the largest time of a rank (NoopPerfModel's rating).
  struct Partition {
    std::vector<std::vector<RankId>> ranks;  ///< per table and shard
    double cost_ms = 0;
  };
  /// Shards of uniform options first, shard i on rank i; then the other options, those with most
  /// memory (or time) first, each on the ranks or node with the least time that have room. Nothing
  /// if one finds no room: there is no going back.
  std::optional<Partition> partition(std::span<const Option* const> proposal);

  /// TorchRec's MemoryBalancedPartitioner: lowers the memory that every rank may use by bisection,
  /// as long as the plan costs at most 2 % more than the first.
  std::optional<Partition> partition_balanced(std::span<const Option* const> proposal);

 private:
  struct Device {
    std::int64_t room = 0;
    Perf perf;
  };
  bool place(std::size_t table, const Option& option);
  bool place_uniformly(const Option& option, std::span<const RankId> on, std::size_t table);
  bool place_freely(const Option& option, std::span<const RankId> among, std::size_t table);
  bool place_on_a_node(const Option& option, std::size_t table);
  std::optional<RankId> least_loaded(std::int64_t memory, std::span<const RankId> among) const;
  bool allowed(std::size_t table, RankId rank) const;
  std::vector<std::size_t> order(std::span<const Option* const> proposal) const;
  double rating(std::span<const Option* const> proposal) const;
  std::vector<std::int64_t> memory_of_ranks(std::span<const Option* const> proposal,
                                            const Partition& partition) const;
  void put(const Option& option, std::size_t shard, RankId rank, std::size_t table);

  const Problem& problem_;
  SortBy sort_by_;
  std::vector<RankId> all_;
  std::vector<std::vector<RankId>> nodes_;
  std::vector<std::int64_t> place_on_node_;  // per rank: TorchRec's local rank
  std::int64_t most_memory_ = std::numeric_limits<std::int64_t>::max();  // of any rank
  std::vector<Device> devices_;
  std::vector<std::vector<RankId>> ranks_;
};

}  // namespace shardwright::torchrec
