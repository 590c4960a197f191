#pragma once

#include "planner/search/placement.hpp"
#include "planner/search/problem.hpp"

#include <cstdint>

namespace shardwright {

/// TorchRec's EmbeddingShardingPlanner by default, for the types table_wise and column_wise with
/// fused kernels: options per table, proposals (grid, greedy by the largest and by the summed time
/// of shards, uniform), each partitioned greedily, tables with most memory first; the proposal with
/// the least largest time of a rank is it. Times are TorchRec's own, whatever the cost model. A
/// column_wise option has exactly one width: the smallest divisor of the table's from 128 that is a
/// multiple of 4, else the whole. Left out: row-wise types, data_parallel, host-memory kernels, the
/// reservation of memory for dense parts.
Placement torchrec_greedy(const Problem& problem, std::uint64_t seed);

/// The same with tables sorted by time (GreedyPerfPartitioner(sort_by=PERF)).
Placement torchrec_greedy_perf(const Problem& problem, std::uint64_t seed);

}  // namespace shardwright
