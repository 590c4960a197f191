#include "planner/search/local/even_widths.hpp"

#include "planner/search/cuts.hpp"

#include <algorithm>

namespace shardwright {

std::vector<std::int32_t> even_widths(std::int32_t dim, std::int32_t parts, ColumnWidths widths) {
  constexpr std::int32_t kStep = kWidthStep;
  std::vector<std::int32_t> result;
  const std::int32_t widest = kStep * ((dim / kStep + parts - 1) / parts);
  for (std::int32_t left = dim; left > 0; --parts) {
    const std::int32_t even = kStep * ((left / kStep + parts - 1) / std::max(parts, 1));
    const std::int32_t width = widths == ColumnWidths::equal ? std::min(widest, left) : even;
    result.push_back(width);
    left -= width;
  }
  return result;
}

}  // namespace shardwright
