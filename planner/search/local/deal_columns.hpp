#pragma once

#include "planner/search/local/piece.hpp"
#include "planner/search/problem.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// Gives every piece its columns: those of a table from left to right, by descending width and then
/// by rank. The shards are ordered by (table, row_begin, col_begin).
std::vector<Shard> deal_columns(const Problem& problem, std::span<const Piece> pieces);

/// The other way: column shards that hold all rows, each with a rank.
std::vector<Piece> pieces_of(std::span<const Shard> shards);

}  // namespace shardwright
