#include "planner/search/local/spread.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/local/price_alone.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr double kBeyondEven = 0.1;  // of the table, beside the even share
constexpr double kMost = 1.0 / 3;    // of a rank's mean cost: what such a part costs at least

}  // namespace

std::vector<std::int32_t> spread_widths(const SearchSpace& space, double mean_cost_ms) {
  std::vector<std::int32_t> widest(space.num_tables());
  bool any = false;
  for (std::size_t i = 0; i < widest.size(); ++i) {
    const auto table = static_cast<std::int32_t>(i);
    widest[i] = space.dim(table);
    if (!space.leads(table) || !space.may_keep_rows(table) || !space.may_cut_columns(table)) {
      continue;
    }
    const double share = kBeyondEven + 1 / static_cast<double>(space.ranks(table).size());
    const auto width =
        static_cast<std::int32_t>(share * space.dim(table)) / kWidthStep * kWidthStep;
    const double cost = price_alone(space, {table, space.dim(table)});
    if (width < space.rules(table).min_width || cost * share < kMost * mean_cost_ms) continue;
    widest[i] = std::min(widest[i], static_cast<std::int32_t>(width));
    any = true;
  }
  if (!any) widest.clear();
  return widest;
}

bool holds_widths(const SearchSpace& space, std::span<const Piece> pieces,
                  std::span<const std::int32_t> widest) {
  return std::all_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
    return !space.keeps_rows(piece) || piece.width <= widest[static_cast<std::size_t>(piece.table)];
  });
}

}  // namespace shardwright
