#include "planner/search/local/row_blocks.hpp"

#include "planner/search/local/even_widths.hpp"

#include <algorithm>

namespace shardwright {
namespace {

std::vector<std::size_t> nodes_in_order(const SearchSpace& space, std::int32_t table,
                                        const RowCut& cut, std::span<const std::int32_t> order) {
  const auto allowed = nodes_for(space, table, cut);
  std::vector<std::size_t> nodes;
  for (const std::int32_t rank : order) {
    const std::size_t node = space.node_of(rank);
    const bool known = std::find(nodes.begin(), nodes.end(), node) != nodes.end();
    const bool may = std::binary_search(allowed.begin(), allowed.end(), node);
    if (may && !known) nodes.push_back(node);
  }
  return nodes;
}

// The fewest column parts that the rules allow, each over one of these nodes.
std::vector<Piece> grid_from(const SearchSpace& space, std::int32_t table, const RowCut& cut,
                             std::span<const std::size_t> nodes) {
  const auto widest = static_cast<std::int32_t>(space.rules(table).max_width);
  const std::int32_t parts = (space.dim(table) + widest - 1) / widest;
  const auto widths = even_widths(space.dim(table), parts, space.widths());
  std::vector<Piece> pieces;
  if (widths.size() > nodes.size() || !space.may_cut_grid(table, cut, widths)) return pieces;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    add_row_blocks(table, cut, widths[i], space.nodes()[nodes[i]], pieces);
  }
  return pieces;
}

}  // namespace

void add_row_blocks(std::int32_t table, const RowCut& cut, std::int32_t width,
                    std::span<const std::int32_t> ranks, std::vector<Piece>& pieces) {
  for (std::int32_t block = 0; block < cut.num_blocks; ++block) {
    const bool last = block + 1 == cut.num_blocks;
    pieces.push_back(
        {table, width, ranks[static_cast<std::size_t>(block)], last ? cut.last_slice : cut.slice});
  }
}

std::vector<std::size_t> nodes_for(const SearchSpace& space, std::int32_t table,
                                   const RowCut& cut) {
  std::vector<std::size_t> nodes;
  for (std::size_t node = 0; node < space.nodes().size(); ++node) {
    const bool as_large = space.nodes()[node].size() == static_cast<std::size_t>(cut.num_ranks);
    if (as_large && space.allows_node(table, node)) nodes.push_back(node);
  }
  return nodes;
}

std::vector<std::vector<Piece>> row_shapes(const SearchSpace& space, std::int32_t table,
                                           std::span<const std::int32_t> order,
                                           std::size_t most_nodes) {
  std::vector<std::vector<Piece>> shapes;
  for (const RowCut& cut : space.row_cuts(table)) {
    if (cut.type == ShardingType::row_wise) {
      std::vector<std::int32_t> ranks(order.begin(), order.begin() + cut.num_ranks);
      std::sort(ranks.begin(), ranks.end());
      add_row_blocks(table, cut, space.dim(table), ranks, shapes.emplace_back());
      continue;
    }
    const auto nodes = nodes_in_order(space, table, cut, order);
    for (std::size_t first = 0; first < std::min(nodes.size(), most_nodes); ++first) {
      auto pieces = grid_from(space, table, cut, std::span(nodes).subspan(first));
      if (!pieces.empty()) shapes.push_back(std::move(pieces));
    }
  }
  if (const auto replica = space.replica_slice(table)) {
    shapes.push_back({{table, space.dim(table), kEveryRank, *replica}});
  }
  return shapes;
}

}  // namespace shardwright
