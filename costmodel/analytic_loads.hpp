#pragma once

#include "costmodel/exchange_traffic.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace shardwright {

/// What shards add up to on a rank; `sums` also on its node and on all ranks.
namespace analytic_load {
enum Index : std::size_t {
  forward_streamed,
  forward_random,
  backward_streamed,
  backward_random,
  input,       ///< bytes of ids that the rank receives, its own included
  output,      ///< bytes put out that go straight to the samples' ranks
  partial,     ///< bytes put out that are summed up within the node first
  sums,        ///< the shard's part of the sums that then leave the node; of a node, all of them
  replicated,  ///< bytes of gradients that all ranks reduce
  statistics,  ///< bytes of row statistics sent to owners of other columns
  receivers,   ///< how many owners that are
  shards,
  count,
};
}  // namespace analytic_load
using AnalyticLoads = std::array<double, analytic_load::count>;

/// What each shard makes its rank compute and exchange in a step, by the formulas of
/// shard_load.hpp, exchange_traffic.hpp and row_statistics.hpp. Borrows the workload.
class ShardLoads {
 public:
  ShardLoads(const Workload& workload, const Topology& topology);

  AnalyticLoads of(const Shard& shard) const;
  /// Bytes that leave a node once for all blocks of the shard's table there, as sums.
  double shared_sums(const Shard& shard) const;
  /// No less than all shards add up to, whatever the cut.
  AnalyticLoads most() const;

 private:
  AnalyticLoads of_owned(const Shard& shard) const;
  AnalyticLoads of_replicated(const Shard& shard) const;

  const Workload& workload_;
  double num_ranks_;
  double most_on_node_;  // ranks
  RowWiseSums row_wise_;
  std::vector<double> unique_rows_;  // per table
  std::vector<KeptShare> kept_;      // per table
};

}  // namespace shardwright
