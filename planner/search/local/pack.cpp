#include "planner/search/local/pack.hpp"

#include "planner/search/fitting.hpp"
#include "planner/search/local/cost_greedy.hpp"
#include "planner/search/local/deal.hpp"
#include "planner/search/local/even_widths.hpp"
#include "planner/search/local/moves.hpp"
#include "planner/search/local/row_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardwright {
namespace {

// Every table in as few pieces as it may be, each on its roomiest rank, fit or not; nothing if a
// table has no legal shape.
class OverfullStart {
 public:
  explicit OverfullStart(const SearchSpace& space) : space_(space) {
    for (const Bytes bytes : space.problem().room) room_.push_back(bytes.value());
  }

  std::optional<std::vector<Piece>> run() {
    for (std::size_t i = 0; i < space_.num_tables(); ++i) {
      const auto table = static_cast<std::int32_t>(i);
      if (!space_.leads(table)) continue;
      const auto added = space_.may_keep_rows(table) ? columns(table) : rows(table);
      if (added.empty()) return {};
      for (const Piece& piece : added) take_room(piece);
      pieces_.insert(pieces_.end(), added.begin(), added.end());
    }
    return pieces_;
  }

 private:
  std::int64_t& room(std::int32_t rank) { return room_[static_cast<std::size_t>(rank)]; }

  void take_room(const Piece& piece) {
    if (piece.rank != kEveryRank) room(piece.rank) -= space_.memory(piece);
  }

  std::vector<std::int32_t> roomiest_first(std::int32_t table) {
    const auto ranks = space_.ranks(table);
    std::vector<std::int32_t> order(ranks.begin(), ranks.end());
    std::erase_if(order, [&](std::int32_t rank) { return !keeps_apart(table, rank); });
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int32_t a, std::int32_t b) { return room(a) > room(b); });
    return order;
  }

  bool keeps_apart(std::int32_t table, std::int32_t rank) const {
    const auto& others = space_.apart(table);
    return others.empty() || std::none_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
             return piece.rank == rank &&
                    std::binary_search(others.begin(), others.end(), TableId(piece.table));
           });
  }

  std::vector<Piece> columns(std::int32_t table) {
    auto order = roomiest_first(table);
    if (order.empty()) return {};
    if (space_.on_one_node(table)) {
      const std::size_t node = space_.node_of(order.front());
      std::erase_if(order, [&](std::int32_t rank) { return space_.node_of(rank) != node; });
    }
    const auto widest = static_cast<std::int32_t>(space_.rules(table).max_width);
    const std::int32_t parts = (space_.dim(table) + widest - 1) / widest;
    std::vector<Piece> pieces;
    for (const std::int32_t width : even_widths(space_.dim(table), parts, space_.widths())) {
      pieces.push_back({table, width, order[pieces.size() % order.size()]});
    }
    return pieces;
  }

  std::vector<Piece> rows(std::int32_t table) {
    const auto order = roomiest_first(table);
    if (order.size() < space_.ranks(table).size()) return {};  // a cut may ask for all
    const auto shapes = row_shapes(space_, table, order, 1);
    return shapes.empty() ? std::vector<Piece>{} : shapes.front();
  }

  const SearchSpace& space_;
  std::vector<std::int64_t> room_;
  std::vector<Piece> pieces_;
};

std::optional<std::vector<Piece>> take_away(const SearchSpace& space, std::uint64_t seed,
                                            std::int64_t steps, const std::atomic<bool>& stop,
                                            std::int64_t& evaluations) {
  constexpr double kHot = 0.02;  // of the overflow at the start
  constexpr std::int64_t kBetweenLooks = 1024;
  constexpr std::uint64_t kStream = 1'000;
  const auto start = OverfullStart(space).run();
  if (!start) return {};
  Layout layout(space, Layout::Memory::counted);
  layout.assign(*start);
  RandomStream random(seed, kStream);
  Change change;
  const double hot = kHot * layout.cost();
  for (std::int64_t step = 0; step < steps && layout.cost() > 0; ++step) {
    if (step % kBetweenLooks == 0 && stop.load(std::memory_order_relaxed)) break;
    if (!draw_change(layout, random, change)) continue;
    const double before = layout.cost();
    if (!layout.apply(change)) continue;
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
  constexpr std::int64_t kExactSteps = 400'000;
  if (auto pieces = cost_greedy(space, Fit::roomiest, uncut, evaluations)) return pieces;
  const std::int64_t least = steps_of_fitting(space.problem());
  const Packing packing = find_fitting(
      space.problem(), {.widths = space.widths(),
                        .most_steps = std::clamp(steps, least, std::max(least, kExactSteps)),
                        .even_rows = space.pricer().assumes_even_rows(),
                        .stop = &stop});
  if (packing.impossible) return {};
  if (packing.shards) {
    if (auto pieces = pieces_of(space, *packing.shards)) return pieces;
  }
  return take_away(space, seed, steps, stop, evaluations);
}

}  // namespace shardwright
