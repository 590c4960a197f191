#pragma once

#include "planner/search/local/search_space.hpp"

#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// Gives every piece its rows and columns, and its type's name: parts of a table from left to right
/// by descending width and then by rank, blocks of rows from top to bottom by descending size and
/// then by rank. The shards are ordered by (table, row_begin, col_begin).
std::vector<Shard> deal(const SearchSpace& space, std::span<const Piece> pieces);

/// The other way, from shards in the order of tables. Nothing if the shards are not of shapes that
/// the space knows, break a table's rules or leave one out.
std::optional<std::vector<Piece>> pieces_of(const SearchSpace& space,
                                            std::span<const Shard> shards);

}  // namespace shardwright
