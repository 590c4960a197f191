#include "planner/search/local/pack.hpp"

#include "planner/search/local/cost_greedy.hpp"
#include "planner/search/local/moves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardwright {
namespace {

// Every table in as few pieces as it may be, each on its roomiest rank, fit or not.
std::vector<Piece> overfull_start(const SearchSpace& space) {
  std::vector<std::int64_t> room;
  for (const Bytes bytes : space.problem().room) room.push_back(bytes.value());
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < space.num_tables(); ++i) {
    const auto table = static_cast<std::int32_t>(i);
    const TableRules& rules = space.rules(table);
    const std::int64_t parts = (space.dim(table) + rules.max_width - 1) / rules.max_width;
    for (const std::int32_t width :
         even_widths(space.dim(table), static_cast<std::int32_t>(parts), space.widths())) {
      const RankId rank =
          *std::max_element(rules.ranks.begin(), rules.ranks.end(),
                            [&](RankId a, RankId b) { return room[a.index()] < room[b.index()]; });
      room[rank.index()] -= space.memory(table, width);
      pieces.push_back({table, width, static_cast<std::int32_t>(rank.value())});
    }
  }
  return pieces;
}

std::optional<std::vector<Piece>> take_away(const SearchSpace& space, std::uint64_t seed,
                                            std::int64_t steps, const std::atomic<bool>& stop,
                                            std::int64_t& evaluations) {
  constexpr double kHot = 0.02;  // of the overflow at the start
  constexpr std::int64_t kBetweenLooks = 1024;
  constexpr std::uint64_t kStream = 1'000;
  Layout layout(space, Layout::Memory::counted);
  layout.assign(overfull_start(space));
  RandomStream random(seed, kStream);
  Change change;
  const double hot = kHot * layout.cost();
  for (std::int64_t step = 0; step < steps && layout.cost() > 0; ++step) {
    if (step % kBetweenLooks == 0 && stop.load(std::memory_order_relaxed)) break;
    if (!draw_change(layout, random, change)) continue;
    const double before = layout.cost();
    layout.apply(change);
    const double left = 1 - static_cast<double>(step) / static_cast<double>(steps);
    const double rise = layout.cost() - before;
    const bool take = rise <= 0 || random.uniform() < std::exp(-rise / (hot * left * left));
    take ? layout.keep() : layout.undo();
  }
  evaluations += layout.evaluations();
  if (layout.cost() > 0) return {};
  return layout.pieces();
}

}  // namespace

std::optional<std::vector<Piece>> pack(const SearchSpace& space, std::uint64_t seed,
                                       std::int64_t steps, const std::atomic<bool>& stop,
                                       std::int64_t& evaluations) {
  const double uncut = std::numeric_limits<double>::infinity();
  if (auto pieces = cost_greedy(space, Fit::roomiest, uncut, evaluations)) return pieces;
  return take_away(space, seed, steps, stop, evaluations);
}

}  // namespace shardwright
