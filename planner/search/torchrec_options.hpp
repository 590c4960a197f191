#pragma once

#include "costmodel/torchrec/perf.hpp"
#include "planner/search/problem.hpp"

#include <cstdint>
#include <vector>

namespace shardwright::torchrec {

/// How TorchRec's partitioner chooses the ranks of an option's shards (its PartitionByType).
enum class PartitionBy {
  uniform,  ///< shard i on rank i: row_wise and data_parallel
  host,     ///< all on one node: table_row_wise, table_column_wise
  device,   ///< each on any rank: table_wise, column_wise
};

/// One way to cut one table: a ShardingOption. All of its shards take the same time.
struct Option {
  std::vector<Shard> shards;         ///< without ranks; data_parallel: one for each rank
  std::vector<std::int64_t> memory;  ///< of each, bytes
  Perf perf;                         ///< of each
  PartitionBy partition_by = PartitionBy::device;

  ShardingType type() const { return shards.front().type; }
  double most_ms() const { return total_ms(perf); }
  double sum_ms() const;
  std::int64_t most_memory() const;
  std::int64_t sum_memory() const;

  /// A Perf's total in TorchRec's order of additions: ties between ranks hang on the last bits.
  static double total_ms(const Perf& perf);
};

/// The options of every table, in the order in which TorchRec's enumerator lists the types that the
/// table's rules allow; grid is not among them, as there, unless a user names it. A column_wise
/// option has exactly one width: the smallest divisor of the table's from `min_partition` that is
/// that plus a multiple of 4, else the whole. A type is left out where the table's ranks or widths
/// rule it out.
std::vector<std::vector<Option>> enumerate_options(const Problem& problem,
                                                   std::int64_t min_partition);

}  // namespace shardwright::torchrec
