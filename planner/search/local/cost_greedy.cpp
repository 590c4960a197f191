#include "planner/search/local/cost_greedy.hpp"

#include "planner/search/cuts.hpp"
#include "planner/search/local/even_widths.hpp"
#include "planner/search/local/price_alone.hpp"
#include "planner/search/local/row_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int32_t kStep = kWidthStep;
// Where there are more ranks than this, only so many of the least loaded are tried.
constexpr std::size_t kMostCandidates = 32;
constexpr std::size_t kMostNodes = 8;  // the same for row cuts within nodes

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
  CostGreedy(const SearchSpace& space, Fit fit, double widest_cost_ms,
             std::span<const std::int32_t> widest)
      : space_(space),
        layout_(space),
        fit_(fit),
        widest_cost_ms_(widest_cost_ms),
        widest_(widest) {}

  bool run() {
    parts_.resize(space_.num_tables());
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto table = static_cast<std::int32_t>(i);
      if (!space_.leads(table)) continue;
      push(table, first_cut(table));
    }
    while (!queue_.empty()) {
      const Piece piece = queue_.top().piece;
      queue_.pop();
      const bool done = place(piece) || cut_further(piece) || place_rows(piece.table);
      if (!done) return false;
    }
    return true;
  }

  const Layout& layout() const { return layout_; }

 private:
  double cost_alone(std::int32_t table, std::int32_t width) const {
    const RankId rank = space_.rules(table).ranks.front();
    double cost = 0;
    for (const Shard& shard : space_.shards_like({table, width})) {
      const auto floor = space_.pricer().floor(shard, rank);
      if (!floor) return price_alone(space_, {table, width});
      cost += floor->per_shard.total_ms();
    }
    return cost;
  }

  double weight(const Piece& piece) const {
    if (fit_ == Fit::roomiest) return static_cast<double>(space_.memory(piece.table, piece.width));
    return cost_alone(piece.table, piece.width);
  }

  std::vector<std::int32_t> first_cut(std::int32_t table) const {
    const std::int32_t dim = space_.dim(table);
    if (!space_.may_keep_rows(table)) return {dim};
    const auto parts_for = [&](std::int64_t widest) {
      return static_cast<std::int32_t>((dim + widest - 1) / widest);
    };
    std::int32_t least = parts_for(space_.rules(table).max_width);
    auto widths = even_widths(dim, least, space_.widths());
    if (!widest_.empty() && widths.front() > widest_[index(table)]) {
      auto spread = even_widths(dim, parts_for(widest_[index(table)]), space_.widths());
      if (space_.may_cut(table, spread)) {
        least = static_cast<std::int32_t>(spread.size());
        widths = std::move(spread);
      }
    }
    const double wanted = cost_alone(table, dim) / widest_cost_ms_;
    const std::int32_t narrowest = dim / kStep;
    const double most = std::min(static_cast<double>(narrowest), std::ceil(wanted));
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

  // Onto the best rank, or, if the piece is a table that has not been cut, in its best shape.
  bool place(const Piece& piece) {
    std::vector<Piece> best;
    double least = 0;
    const auto consider = [&](std::vector<Piece> shape) {
      const auto cost = cost_of(shape);
      if (!cost || (!best.empty() && *cost >= least)) return;
      best = std::move(shape);
      least = *cost;
    };
    const auto ranks = candidates(piece);
    for (const std::int32_t rank : ranks) consider({{piece.table, piece.width, rank}});
    const bool uncut = piece.width == space_.dim(piece.table);
    if (fit_ == Fit::cheapest && uncut && has_row_shapes(piece.table)) {
      for (auto& shape : row_shapes(piece.table)) consider(std::move(shape));
    }
    if (best.empty()) return false;
    put(best);
    return true;
  }

  bool has_row_shapes(std::int32_t table) const {
    return !space_.row_cuts(table).empty() || space_.replica_slice(table);
  }

  std::vector<std::vector<Piece>> row_shapes(std::int32_t table) const {
    const auto all = space_.ranks(table);
    std::vector<std::int32_t> order(all.begin(), all.end());
    std::vector<double> loads(space_.num_ranks());
    for (const std::int32_t rank : order) loads[index(rank)] = load_of(rank);
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return loads[index(a)] < loads[index(b)];
    });
    return shardwright::row_shapes(space_, table, order, kMostNodes);
  }

  // What the layout costs with these pieces; nothing if they find no room.
  std::optional<double> cost_of(const std::vector<Piece>& pieces) {
    change_.removed.clear();
    change_.added = pieces;
    if (!layout_.apply(change_)) return {};
    double cost = layout_.cost() + layout_.balance();
    if (fit_ == Fit::roomiest) cost = load_of(pieces.front().rank);
    layout_.undo();
    return cost;
  }

  // By cutting rows instead of columns: takes back what parts of the table are placed.
  bool place_rows(std::int32_t table) {
    if (!has_row_shapes(table)) return false;
    take_back(table);
    std::vector<Piece> best;
    double least = 0;
    for (auto& shape : row_shapes(table)) {
      const auto cost = cost_of(shape);
      if (!cost || (!best.empty() && *cost >= least)) continue;
      best = std::move(shape);
      least = *cost;
    }
    if (!best.empty()) put(best);
    return !best.empty();
  }

  void put(const std::vector<Piece>& pieces) {
    layout_.apply({{}, pieces});
    layout_.keep();
  }

  // What ranks are preferred by: their time, or what they have in use.
  double load_of(std::int32_t rank) const {
    if (rank == kEveryRank) return 0;
    if (fit_ == Fit::roomiest) return -static_cast<double>(layout_.room_left(rank));
    double load = 0;
    for (const double channel : layout_.channels(rank)) load += channel;
    return load;
  }

  // Ranks with room for the piece, the least loaded first.
  std::vector<std::int32_t> candidates(const Piece& piece) const {
    std::vector<std::pair<double, std::int32_t>> ranks;
    if (!space_.may_keep_rows(piece.table)) return {};
    const std::int64_t memory = space_.memory(piece.table, piece.width);
    for (const std::int32_t rank : space_.ranks(piece.table)) {
      if (memory > layout_.room_left(rank) || !may_use(piece.table, rank)) continue;
      ranks.emplace_back(load_of(rank), rank);
    }
    const std::size_t count = std::min(ranks.size(), kMostCandidates);
    std::partial_sort(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count),
                      ranks.end());
    std::vector<std::int32_t> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(ranks[i].second);
    return result;
  }

  bool may_use(std::int32_t table, std::int32_t rank) const {
    return shares_node(table, rank) && layout_.keeps_apart(table, rank);
  }

  // With the parts that are placed, if the table asks for that.
  bool shares_node(std::int32_t table, std::int32_t rank) const {
    const auto placed = layout_.of_table(table);
    return placed.empty() || !space_.on_one_node(table) ||
           space_.node_of(layout_.piece(placed.front()).rank) == space_.node_of(rank);
  }

  bool cut_further(const Piece& piece) {
    if (!space_.may_keep_rows(piece.table)) return false;
    return space_.widths() == ColumnWidths::any ? fill_roomiest(piece) : cut_anew(piece.table);
  }

  // Puts as many columns as go onto the allowed rank with most room; the rest goes on.
  bool fill_roomiest(const Piece& piece) {
    const TableRules& rules = space_.rules(piece.table);
    std::int64_t& parts = parts_[index(piece.table)];
    if (!space_.may_cut_columns(piece.table) || parts >= rules.max_shards) return false;
    const auto roomiest = roomiest_for(piece.table);
    if (!roomiest) return false;
    const auto least = static_cast<std::int32_t>(rules.min_width);
    for (std::int32_t width = piece.width - least; width >= least; width -= kStep) {
      if (space_.memory(piece.table, width) > layout_.room_left(*roomiest)) continue;
      ++parts;
      put({{piece.table, width, *roomiest}});
      push(Piece{piece.table, piece.width - width, 0});
      return true;
    }
    return false;
  }

  std::optional<std::int32_t> roomiest_for(std::int32_t table) const {
    std::optional<std::int32_t> best;
    for (const std::int32_t rank : space_.ranks(table)) {
      if (!may_use(table, rank)) continue;
      if (!best || layout_.room_left(*best) < layout_.room_left(rank)) best = rank;
    }
    return best;
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
    take_back(table);
    push(table, widths);
    return true;
  }

  void take_back(std::int32_t table) {
    const auto placed = layout_.of_table(table);
    layout_.apply({{placed.begin(), placed.end()}, {}});
    layout_.keep();
    std::vector<Item> others;
    for (; !queue_.empty(); queue_.pop()) {
      if (queue_.top().piece.table != table) others.push_back(queue_.top());
    }
    queue_ = decltype(queue_)(Lighter{}, std::move(others));
    parts_[index(table)] = 0;
  }

  static std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

  const SearchSpace& space_;
  Layout layout_;
  Fit fit_;
  double widest_cost_ms_;
  std::span<const std::int32_t> widest_;  // per table, in columns; empty: as the rules say
  std::priority_queue<Item, std::vector<Item>, Lighter> queue_;
  std::vector<std::int64_t> parts_;  // per table
  Change change_;
};

}  // namespace

std::optional<std::vector<Piece>> cost_greedy(const SearchSpace& space, Fit fit,
                                              double widest_cost_ms, std::int64_t& evaluations,
                                              std::span<const std::int32_t> widest) {
  CostGreedy greedy(space, fit, widest_cost_ms, widest);
  const bool placed = greedy.run();
  evaluations += greedy.layout().evaluations();
  if (!placed) return {};
  return greedy.layout().pieces();
}

}  // namespace shardwright
