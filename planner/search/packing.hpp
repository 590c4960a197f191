#pragma once

#include "planner/search/local/search_space.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

struct Packing {
  std::optional<std::vector<Shard>> shards;  ///< with ranks; ordered by (table, col_begin)
  /// Nothing was found and nothing left out: no table may be cut by columns or rows or be held
  /// everywhere, and every placement of them was ruled out.
  bool impossible = false;
};

/// Looks for any placement of whole tables and column parts that fits, by backtracking: largest
/// piece first onto the rank it fills best; ranks that differ in nothing are tried once, and a
/// branch ends when what is left to place exceeds the room that is left in usable holes. Where that
/// fails, the tables with the largest pieces are cut into one more part, equal ones, and all is
/// tried anew. At most `most_steps` ranks are looked at. Deterministic.
Packing pack_exactly(const Problem& problem, ColumnWidths widths, std::int64_t most_steps);

}  // namespace shardwright
