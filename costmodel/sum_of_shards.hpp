#pragma once

#include "costmodel/rank_pricer.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace shardwright {

/// Adds to a sum, and returns how many more sums than before are above 0: one, none, or one less.
inline std::int64_t add_and_count(std::int64_t& sum, std::int64_t value) {
  const std::int64_t before = sum > 0 ? 1 : 0;
  sum += value;
  return (sum > 0 ? 1 : 0) - before;
}

/// What shards add to the states of all ranks, kept up to date while shards come and go. Sums are
/// integers: the same bits for any order. Borrows the pricer.
class SumOfShards {
 public:
  /// Of no shards.
  SumOfShards(const RankPricer& pricer, const Topology& topology);

  void add(std::span<const Shard> shards) { change(shards, 1); }
  /// Shards that were added before.
  void remove(std::span<const Shard> shards) { change(shards, -1); }

  PhaseTimes price(RankId rank) const;

 private:
  void change(std::span<const Shard> shards, std::int64_t sign);
  void add_to(std::size_t rank, std::int64_t sign);
  void change_shared(const Shard& shard, std::size_t node, std::int64_t sign);
  std::span<const std::int64_t> part(const std::vector<std::int64_t>& values,
                                     std::size_t number) const;

  const RankPricer& pricer_;
  std::size_t size_;                  // of a state
  std::vector<std::size_t> node_of_;  // per rank, counted from 0
  std::vector<std::int64_t> values_;  // of the shard at hand
  /// Shards of a table on a node, which share something.
  std::map<std::pair<TableId, std::size_t>, std::int64_t> sharing_;
  // RankState's, one after the other for all ranks or nodes.
  std::vector<std::int64_t> own_;
  std::vector<std::int64_t> node_;
  std::vector<std::int64_t> world_;
  std::vector<std::int64_t> busy_on_node_;
  std::vector<std::int64_t> busy_;
  std::vector<std::int64_t> busy_nodes_;
};

/// Prices whole plans with a RankPricer: sums up what the shards add to every rank's state and
/// prices each rank. The same bits for any order of `shards`.
std::vector<PhaseTimes> price_sums(const RankPricer& pricer, const Topology& topology,
                                   std::span<const Shard> shards);

}  // namespace shardwright
