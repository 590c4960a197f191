#include "planner/search/local/cost_greedy.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/local/moves.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>

namespace shardwright {
namespace {

constexpr std::int32_t kStep = kWidthStep;
// Where there are more ranks than this, only so many of the least loaded are tried.
constexpr std::size_t kMostCandidates = 32;

struct Item {
  double weight;
  Piece piece;
};

struct Lighter {
  bool operator()(const Item& a, const Item& b) const {
    return std::tuple(a.weight, -a.piece.table, a.piece.width) <
           std::tuple(b.weight, -b.piece.table, b.piece.width);
  }
};

class CostGreedy {
 public:
  CostGreedy(const SearchSpace& space, Fit fit, double widest_cost_ms)
      : space_(space), layout_(space), fit_(fit), widest_cost_ms_(widest_cost_ms) {}

  bool run() {
    parts_.resize(space_.num_tables());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto table = static_cast<std::int32_t>(i);
      push(table, first_cut(table));
    }
    while (!queue_.empty()) {
      const Piece piece = queue_.top().piece;
      queue_.pop();
      if (!place(piece) && !cut_further(piece)) return false;
    }
    return true;
  }

  const Layout& layout() const { return layout_; }

 private:
  double cost_alone(std::int32_t table, std::int32_t width) const {
    const RankId rank = space_.rules(table).ranks.front();
    const auto floor = space_.pricer().floor(first_columns(space_.problem(), table, width), rank);
    return floor ? floor->per_shard.total_ms() : static_cast<double>(space_.memory(table, width));
  }

  double weight(const Piece& piece) const {
    if (fit_ == Fit::roomiest) return static_cast<double>(space_.memory(piece.table, piece.width));
    return cost_alone(piece.table, piece.width);
  }

  std::vector<std::int32_t> first_cut(std::int32_t table) const {
    const std::int32_t dim = space_.dim(table);
    const auto least = static_cast<std::int32_t>((dim + space_.rules(table).max_width - 1) /
                                                 space_.rules(table).max_width);
    auto widths = even_widths(dim, least, space_.widths());
    const double wanted = cost_alone(table, dim) / widest_cost_ms_;
    const double most = std::min<double>(static_cast<double>(dim / kStep), std::ceil(wanted));
    for (auto parts = least + 1; parts <= static_cast<std::int32_t>(most); ++parts) {
      const auto finer = even_widths(dim, parts, space_.widths());
      if (!space_.may_cut(table, finer)) break;
      widths = finer;
    }
    return widths;
  }

  void push(std::int32_t table, const std::vector<std::int32_t>& widths) {
    for (const std::int32_t width : widths) push(Piece{table, width, 0});
    parts_[index(table)] += static_cast<std::int64_t>(widths.size());
  }
  void push(const Piece& piece) { queue_.push({weight(piece), piece}); }

  bool place(const Piece& piece) {
    std::optional<std::int32_t> best;
    std::pair<double, double> least;
    for (const std::int32_t rank : candidates(piece)) {
      change_ = {{}, {{piece.table, piece.width, rank}}};
      if (!layout_.apply(change_)) continue;
      const std::pair<double, double> cost = cost_on(rank);
      layout_.undo();
      if (best && cost >= least) continue;
      best = rank;
      least = cost;
    }
    if (best) put(piece, *best);
    return best.has_value();
  }

  std::pair<double, double> cost_on(std::int32_t rank) const {
    if (fit_ == Fit::roomiest) return {-static_cast<double>(layout_.room_left(rank)), 0};
    return {layout_.cost() + layout_.balance(), 0};
  }

  void put(const Piece& piece, std::int32_t rank) {
    layout_.apply({{}, {{piece.table, piece.width, rank}}});
    layout_.keep();
  }

  std::vector<std::int32_t> candidates(const Piece& piece) const {
    std::vector<std::pair<double, std::int32_t>> ranks;
    const std::int64_t memory = space_.memory(piece.table, piece.width);
    for (const RankId id : space_.rules(piece.table).ranks) {
      const auto rank = static_cast<std::int32_t>(id.value());
      if (memory > layout_.room_left(rank)) continue;
      double load = 0;
      for (const double channel : layout_.channels(rank)) load += channel;
      ranks.emplace_back(fit_ == Fit::roomiest ? cost_on(rank).first : load, rank);
    }
    const std::size_t count = std::min(ranks.size(), kMostCandidates);
    std::partial_sort(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count),
                      ranks.end());
    std::vector<std::int32_t> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(ranks[i].second);
    return result;
  }

  bool cut_further(const Piece& piece) {
    return space_.widths() == ColumnWidths::any ? fill_roomiest(piece) : cut_anew(piece.table);
  }

  // Puts as many columns as go onto the allowed rank with most room; the rest goes on.
  bool fill_roomiest(const Piece& piece) {
    const TableRules& rules = space_.rules(piece.table);
    std::int64_t& parts = parts_[index(piece.table)];
    if (!rules.column_wise || parts >= rules.max_shards) return false;
    const RankId rank = *std::max_element(rules.ranks.begin(), rules.ranks.end(),
                                          [&](RankId a, RankId b) { return room(a) < room(b); });
    const auto least = static_cast<std::int32_t>(rules.min_width);
    for (std::int32_t width = piece.width - least; width >= least; width -= kStep) {
      if (space_.memory(piece.table, width) > room(rank)) continue;
      ++parts;
      put({piece.table, width, 0}, static_cast<std::int32_t>(rank.value()));
      push(Piece{piece.table, piece.width - width, 0});
      return true;
    }
    return false;
  }

  std::int64_t room(RankId rank) const {
    return layout_.room_left(static_cast<std::int32_t>(rank.value()));
  }

  // Takes the whole table back and cuts it into one more part.
  bool cut_anew(std::int32_t table) {
    const auto now = static_cast<std::int32_t>(parts_[index(table)]);
    std::vector<std::int32_t> widths;
    for (std::int32_t parts = now + 1; parts <= space_.dim(table) / kStep; ++parts) {
      widths = even_widths(space_.dim(table), parts, space_.widths());
      if (static_cast<std::int32_t>(widths.size()) > now) break;
    }
    if (static_cast<std::int32_t>(widths.size()) <= now || !space_.may_cut(table, widths)) {
      return false;
    }
    const auto placed = layout_.of_table(table);
    layout_.apply({{placed.begin(), placed.end()}, {}});
    layout_.keep();
    std::vector<Item> others;
    for (; !queue_.empty(); queue_.pop()) {
      if (queue_.top().piece.table != table) others.push_back(queue_.top());
    }
    queue_ = decltype(queue_)(Lighter{}, std::move(others));
    parts_[index(table)] = 0;
    push(table, widths);
    return true;
  }

  static std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

  const SearchSpace& space_;
  Layout layout_;
  Fit fit_;
  double widest_cost_ms_;
  std::priority_queue<Item, std::vector<Item>, Lighter> queue_;
  std::vector<std::int64_t> parts_;  // per table
  Change change_;
};

}  // namespace

std::optional<std::vector<Piece>> cost_greedy(const SearchSpace& space, Fit fit,
                                              double widest_cost_ms, std::int64_t& evaluations) {
  CostGreedy greedy(space, fit, widest_cost_ms);
  const bool placed = greedy.run();
  evaluations += greedy.layout().evaluations();
  if (!placed) return {};
  return greedy.layout().pieces();
}

}  // namespace shardwright
