#pragma once

#include "planner/search/local/search_space.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Widths of `parts` pieces of `dim` columns, as equal as `widths` asks for and steps of 4 allow,
/// wider first; fewer pieces where there are not enough columns.
std::vector<std::int32_t> even_widths(std::int32_t dim, std::int32_t parts, ColumnWidths widths);

}  // namespace shardwright
