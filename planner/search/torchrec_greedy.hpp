#pragma once

#include "planner/search/placement.hpp"
#include "planner/search/problem.hpp"

#include <cstdint>

namespace shardwright {

/// TorchRec's EmbeddingShardingPlanner by default, with the kernels that keep tables in device
/// memory (fused; dense for data_parallel): options per table (torchrec_options.hpp), proposals
/// (grid, greedy by the largest and by the summed time of shards, uniform), each partitioned
/// greedily, tables with most memory first (torchrec_partition.hpp); the proposal with the least
/// largest time of a rank is it. Times are TorchRec's own, whatever the cost model. Equal to
/// TorchRec 1.6.1 on 240 tasks (tests/torchrec_planner/). Left out: kernels in host memory, the
/// reservation of memory for dense parts, row splits that leave a rank without rows.
Placement torchrec_greedy(const Problem& problem, std::uint64_t seed);

/// The same with min_partition 64: narrower column_wise options.
Placement torchrec_greedy_64(const Problem& problem, std::uint64_t seed);

/// The same with tables sorted by time (GreedyPerfPartitioner(sort_by=PERF)).
Placement torchrec_greedy_perf(const Problem& problem, std::uint64_t seed);

/// The same with min_partition 64 and 32.
Placement torchrec_greedy_perf_64(const Problem& problem, std::uint64_t seed);
Placement torchrec_greedy_perf_32(const Problem& problem, std::uint64_t seed);

/// With MemoryBalancedPartitioner.
Placement torchrec_memory_balanced(const Problem& problem, std::uint64_t seed);

}  // namespace shardwright
