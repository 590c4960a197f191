#pragma once

#include "costmodel/node_relays.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/traffic.hpp"

#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace shardwright {

/// Where the partial outputs of row_wise tables, whose rows may lie on several nodes, are added up.
enum class RowWiseSums {
  at_samples,  ///< by the ranks that have the samples: on one node, on nodes of one rank, on GPUs
  in_nodes,    ///< by each node's relays first
};
RowWiseSums row_wise_sums(const Topology& topology);

/// Whether partial outputs of `shard` are added up within its node, by the relays of the samples'
/// ranks (NodeRelays), before they travel on.
bool reduces_in_node(const Table& table, const Shard& shard, RowWiseSums row_wise);

/// What a shard gives to the exchanges of one step, bytes.
struct ExchangeBytes {
  double input = 0;       ///< ids that its rank receives, its own samples' included
  double output = 0;      ///< put out that goes straight to the samples' ranks
  double partial = 0;     ///< put out that is summed up within the node first
  double sums = 0;        ///< its part of the sums that then leave the node; see node_sum_bytes()
  double replicated = 0;  ///< gradients that all ranks reduce
  double split = 0;       ///< ids that the samples' ranks sort by parts of rows: counted for one
                          ///< of the shards that share the rows
  double added = 0;       ///< of `output`: partial sums that the samples' ranks add up
  double statistics = 0;  ///< of rows, that go to the owners of other columns: as CollectiveCall
                          ///< counts them, with a part for its own rank that is not sent
};

/// Without row statistics, which the number of ranks decides on. `load` is that of the whole global
/// batch, as in ExchangeTraffic; data_parallel shards need none.
ExchangeBytes exchange_bytes(const Table& table, const Shard& shard, const ShardLoad& load,
                             RowWiseSums row_wise);

/// Bytes of the sums that leave a node for all row_wise shards that a table has there, however many
/// they are: those of one of them, `shard`, for all samples. 0 for all others, whose node has all
/// rows of their columns: each has its part of the sums, by its rows (ExchangeBytes::sums).
double node_sum_bytes(const Table& table, const Shard& shard, const ShardLoad& load,
                      RowWiseSums row_wise);

/// The messages that a set of shards makes the ranks exchange in one step, each shard adding its
/// own. data_parallel shards make none.
class ExchangeTraffic {
 public:
  /// Borrows the topology.
  explicit ExchangeTraffic(const Topology& topology);

  /// `load` is that of the whole global batch.
  void add(const Table& table, const Shard& shard, const ShardLoad& load);

  /// Per rank: ids, weights and lengths on their way to the shards.
  std::vector<double> input_ms() const { return milliseconds(*topology_, input_); }
  /// Per rank: pooled rows on their way to the ranks whose samples they belong to. The gradients on
  /// their way back take as long.
  std::vector<double> output_ms() const { return milliseconds(*topology_, output_); }

  /// Of ids, pooled rows and their gradients, all ranks.
  double bytes_between_nodes() const;

 private:
  void add_reduced_output(const Table& table, const Shard& shard, const ShardLoad& load);
  double sums_of(const Table& table, const Shard& shard, const ShardLoad& load);

  const Topology* topology_;
  RowWiseSums row_wise_;
  std::array<Traffic, 1> input_;
  std::array<Traffic, 2> output_;  // of those that go straight there; of those summed on the way
  NodeRelays relays_;
  std::set<std::pair<TableId, std::size_t>> sent_on_;  // row_wise tables that nodes have shards of
};

/// What one step sends from node to node: ids, pooled rows, their gradients, and the ring that sums
/// up the gradients of data_parallel tables, whose every node sends to one other.
double bytes_between_nodes(const Workload& workload, const Topology& topology,
                           std::span<const Shard> shards);

}  // namespace shardwright
