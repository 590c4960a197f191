#pragma once

#include "planner/search/local/search_space.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

struct Packing {
  std::optional<std::vector<Shard>> shards;  ///< with ranks; ordered by (table, row, column)
  /// Nothing was found and nothing left out: no table may be cut by columns or rows or be held
  /// everywhere, and every placement of them was ruled out.
  bool impossible = false;
};

/// How far pack_exactly() looks, and for what.
struct PackingEffort {
  ColumnWidths widths = ColumnWidths::any;
  std::int64_t most_steps = 0;        ///< ranks that are tried for a piece
  bool even_rows = false;             ///< BlockCuts
  std::vector<TableId> by_rows = {};  ///< cut by rows or held everywhere though they need not be
  const std::atomic<bool>* stop = nullptr;  ///< when it turns true, nothing is found
};

/// Looks for any placement of whole tables and column parts that fits, by backtracking: largest
/// piece first onto the rank it fills best; ranks that differ in nothing are tried once, and a
/// branch ends when what is left to place exceeds the room that is left in usable holes. Where that
/// fails, the tables with the largest pieces are cut into one more part, equal ones, and all is
/// tried anew. Tables that may not keep their rows or must be cut within a node, and those of
/// `by_rows`, are placed before (PlacedBlocks), those that need most first. Deterministic but for
/// `stop`.
Packing pack_exactly(const Problem& problem, const PackingEffort& effort);

}  // namespace shardwright
