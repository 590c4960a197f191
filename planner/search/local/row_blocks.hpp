#pragma once

#include "planner/search/local/search_space.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Adds the blocks of one column part of `width`, the first on ranks[0] and so on; `ranks` are at
/// least cut.num_blocks.
void add_row_blocks(std::int32_t table, const RowCut& cut, std::int32_t width,
                    std::span<const std::int32_t> ranks, std::vector<Piece>& pieces);

/// The nodes that a row cut of type grid may use.
std::vector<std::size_t> nodes_for(const SearchSpace& space, std::int32_t table, const RowCut& cut);

/// All ways to cut a table by rows or to hold it everywhere that prefer the first ranks and nodes
/// of `order`, all ranks and the nodes in the order of their best rank; at most `most_nodes` nodes
/// are tried. Memory is not looked at.
std::vector<std::vector<Piece>> row_shapes(const SearchSpace& space, std::int32_t table,
                                           std::span<const std::int32_t> order,
                                           std::size_t most_nodes);

}  // namespace shardwright
