#pragma once

#include "tests/runtime/embedding/synthetic_run.hpp"

#include <cstdint>
#include <vector>

// Plans whose tables are cut by rows over all ranks of a node; a table with fewer rows leaves ranks
// without a part.
namespace shardwright::synthetic {

/// Rank r is on node nodes[r].
Topology ranks_on(const std::vector<std::int64_t>& nodes);

/// Table t is table_row_wise on the t-th node, over again.
Plan rows_over_nodes(const Training& training, const Topology& topology);
/// Table t is a grid: half of its columns, if it has 8, on the t-th node, the others on the next.
Plan grids_over_nodes(const Training& training, const Topology& topology);
/// A grid, a table_row_wise one, one that is row_wise over all ranks, and one whole one.
Plan types_over_nodes(const Training& training, const Topology& topology);
/// Tables are row_wise in uneven blocks: over all ranks; over three of them, of which the last of
/// all has two blocks; over the first and the last, of which the first has two; all rows on one.
Plan blocks_over_nodes(const Training& training, const Topology& topology);

/// The same shards, for ranks that share one node.
Plan on_one_node(Plan plan);

}  // namespace shardwright::synthetic
