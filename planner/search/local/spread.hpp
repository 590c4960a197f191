#pragma once

#include "planner/search/local/search_space.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Per table, how wide a column part may be so that dominating tables are spread over the ranks: no
/// part of one has more than the ranks' even share of its columns plus a tenth of all. A table
/// dominates if such a part would fill most of a rank by itself, where the mean cost of a rank is
/// `mean_cost_ms`. Empty if none does.
std::vector<std::int32_t> spread_widths(const SearchSpace& space, double mean_cost_ms);

/// Whether no column part among the pieces is wider than `widest` says of its table; parts that do
/// not have all rows may be.
bool holds_widths(const SearchSpace& space, std::span<const Piece> pieces,
                  std::span<const std::int32_t> widest);

}  // namespace shardwright
