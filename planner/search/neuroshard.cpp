#include "planner/search/neuroshard.hpp"

#include "costmodel/errors.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/local/deal.hpp"
#include "planner/search/local/layout.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

namespace shardwright {
namespace {

constexpr std::size_t kBeam = 3;
constexpr std::size_t kCandidates = 10;
constexpr int kMostSteps = 10;
constexpr int kCaps = 11;
constexpr double kFirstCap = 1.0;  // of a rank's columns, in mean columns of a rank
constexpr double kLastCap = 1.5;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A state of the beam: pieces without ranks, and the best plan found for them.
struct Node {
  std::vector<Piece> pieces;
  std::vector<double> compute_ms;  // of each piece alone on a rank
  std::vector<Piece> plan;
  double cost = kInfinity;
};

class Beam {
 public:
  Beam(const SearchSpace& space, const std::atomic<bool>& stop)
      : space_(space), stop_(stop), layout_(space) {}

  std::optional<std::vector<Piece>> run() {
    Node best = first_node();
    price(best);
    std::vector<Node> beam = {best};
    for (int step = 0; step < kMostSteps && !beam.empty(); ++step) {
      std::vector<Node> next = expand(beam);
      for (const Node& node : next) {
        if (node.cost < best.cost) best = node;
      }
      std::stable_sort(next.begin(), next.end(),
                       [](const Node& a, const Node& b) { return a.cost < b.cost; });
      next.resize(std::min(next.size(), kBeam));
      beam = std::move(next);
    }
    if (best.cost == kInfinity) return {};
    return best.plan;
  }

  std::int64_t evaluations() const { return evaluations_; }

 private:
  static std::size_t index(std::int32_t value) { return static_cast<std::size_t>(value); }

  Node first_node() {
    Node node;
    for (std::size_t i = 0; i < space_.num_tables(); ++i) {
      for (const Piece& piece : pieces_of_cut(TableId::of(i))) {
        node.pieces.push_back(piece);
        node.compute_ms.push_back(compute_alone(piece));
        mean_columns_ += piece.width / static_cast<double>(space_.num_ranks());
      }
    }
    return node;
  }

  std::vector<Piece> pieces_of_cut(TableId table) const {
    std::vector<Piece> pieces;
    for (const Shard& shard : coarsest_cut(space_.problem(), table)) {
      pieces.push_back(
          {static_cast<std::int32_t>(table.value()), static_cast<std::int32_t>(shard.columns())});
    }
    return pieces;
  }

  std::vector<Node> expand(const std::vector<Node>& beam) {
    std::vector<Node> next;
    for (const Node& node : beam) {
      for (const std::size_t piece : candidates(node)) {
        if (stop_.load(std::memory_order_relaxed)) return next;
        if (!may_halve(node, piece)) continue;
        next.push_back(halved(node, piece));
        price(next.back());
      }
    }
    return next;
  }

  std::vector<std::size_t> candidates(const Node& node) const {
    std::vector<std::size_t> all(node.pieces.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    if (kCandidates > all.size()) return all;
    std::set<std::size_t> chosen;  // ascending
    const auto take_most = [&](const auto& of) {
      std::vector<std::size_t> order = all;
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return of(a) > of(b); });
      chosen.insert(order.begin(), order.begin() + kCandidates);
    };
    take_most([&](std::size_t i) { return memory(node.pieces[i]); });
    take_most([&](std::size_t i) { return node.compute_ms[i]; });
    return {chosen.begin(), chosen.end()};
  }

  bool may_halve(const Node& node, std::size_t which) const {
    const Piece& piece = node.pieces[which];
    const TableRules& rules = space_.rules(piece.table);
    const std::int32_t half = piece.width / 2;
    const auto parts = std::count_if(node.pieces.begin(), node.pieces.end(),
                                     [&](const Piece& p) { return p.table == piece.table; });
    return piece.width % 2 == 0 && half % kWidthStep == 0 && half > 0 && rules.column_wise &&
           half >= rules.min_width && parts < rules.max_shards;
  }

  Node halved(const Node& node, std::size_t which) {
    Node child{node.pieces, node.compute_ms, {}, kInfinity};
    child.pieces[which].width /= 2;
    child.compute_ms[which] = compute_alone(child.pieces[which]);
    child.pieces.push_back(child.pieces[which]);
    child.compute_ms.push_back(child.compute_ms[which]);
    return child;
  }

  // The best of the greedy placements under all caps. Up to the fewest columns that a cap has
  // refused, wider caps decide alike, so that those need not be tried.
  void price(Node& node) {
    fewest_refused_ = 0;
    for (int i = 0; i < kCaps; ++i) {
      const double cap = kFirstCap + (kLastCap - kFirstCap) * i / (kCaps - 1);
      if (cap * mean_columns_ < fewest_refused_) continue;
      if (!place(node, cap * mean_columns_)) continue;
      layout_.assign(placed_);
      if (layout_.cost() >= node.cost) continue;
      node.cost = layout_.cost();
      node.plan = placed_;
    }
  }

  // Costliest piece first, onto the rank that computes least so far; of equals the emptiest.
  bool place(const Node& node, double most_columns) {
    std::vector<std::size_t> order(node.pieces.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return node.compute_ms[a] < node.compute_ms[b];
    });
    std::reverse(order.begin(), order.end());
    clear_ranks();
    fewest_refused_ = kInfinity;
    for (const std::size_t i : order) {
      const Piece& piece = node.pieces[i];
      const auto rank = least_computing(piece, most_columns);
      if (!rank) return false;
      put(piece, *rank);
    }
    return true;
  }

  std::optional<std::size_t> least_computing(const Piece& piece, double most_columns) {
    std::optional<std::size_t> best;
    for (const RankId id : space_.rules(piece.table).ranks) {
      const std::size_t rank = id.index();
      const std::int64_t room = space_.problem().room[rank].value();
      if (used_[rank] + memory(piece) > room) continue;
      const auto columns = static_cast<double>(columns_[rank] + piece.width);
      if (columns > most_columns) {
        fewest_refused_ = std::min(fewest_refused_, columns);
        continue;
      }
      const bool better = !best || compute_[rank] < compute_[*best] ||
                          (compute_[rank] == compute_[*best] && used_[rank] < used_[*best]);
      if (better) best = rank;
    }
    return best;
  }

  void clear_ranks() {
    const std::size_t ranks = space_.num_ranks();
    used_.assign(ranks, 0);
    columns_.assign(ranks, 0);
    compute_.assign(ranks, 0);
    states_.assign(ranks * space_.pricer().state_size(), 0);
    placed_.clear();
  }

  void put(const Piece& piece, std::size_t rank) {
    used_[rank] += memory(piece);
    columns_[rank] += piece.width;
    const std::size_t size = space_.pricer().state_size();
    const auto own = std::span(states_).subspan(rank * size, size);
    const std::size_t kind = space_.pricer().kind(RankId::of(rank));
    const auto added = space_.state(piece.table, piece.width, kind);
    for (std::size_t k = 0; k < size; ++k) own[k] += added[k];
    compute_[rank] = compute_ms(RankId::of(rank), own);
    placed_.push_back({piece.table, piece.width, static_cast<std::int32_t>(rank)});
  }

  // Compute phases depend on the rank's own state alone.
  double compute_ms(RankId rank, std::span<const std::int64_t> own) {
    ++evaluations_;
    const PhaseTimes times = space_.pricer().price(rank, {own, own, own, own, own, own});
    return times.compute_forward_ms + times.compute_backward_ms;
  }

  double compute_alone(const Piece& piece) {
    const RankId rank = space_.rules(piece.table).ranks.front();
    return compute_ms(rank, space_.state(piece.table, piece.width, space_.pricer().kind(rank)));
  }

  std::int64_t memory(const Piece& piece) const { return space_.memory(piece.table, piece.width); }

  const SearchSpace& space_;
  const std::atomic<bool>& stop_;
  Layout layout_;  // prices whole placements
  double mean_columns_ = 0;
  double fewest_refused_ = 0;  // columns that the cap kept from a rank, by the last placement
  std::int64_t evaluations_ = 0;
  // The placement being made: per rank, and all pieces.
  std::vector<std::int64_t> used_;
  std::vector<std::int64_t> columns_;
  std::vector<double> compute_;
  std::vector<std::int64_t> states_;
  std::vector<Piece> placed_;
};

}  // namespace

std::optional<std::vector<Piece>> neuroshard_pieces(const SearchSpace& space,
                                                    const std::atomic<bool>& stop,
                                                    std::int64_t& evaluations) {
  Beam beam(space, stop);
  auto plan = beam.run();
  evaluations += beam.evaluations();
  return plan;
}

Found neuroshard(const Question& question) {
  if (question.widths == ColumnWidths::equal) {
    throw UsageError(
        "The algorithm neuroshard halves parts and cannot keep --column-widths equal.");
  }
  const Problem& problem = question.problem;
  const auto pricer = rank_pricer_of(question);
  const SearchSpace space(problem, *pricer, question.objective, question.widths);
  const std::atomic<bool> never{false};
  const std::atomic<bool>& stop =
      question.effort.interrupt != nullptr ? *question.effort.interrupt : never;
  Found found;
  const auto pieces = neuroshard_pieces(space, stop, found.evaluations);
  if (stop) found.stopped_by = "interrupt";
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    if (pieces) {
      found.placement.reasons.emplace_back("placed by the cheapest node of the beam");
      continue;
    }
    const auto cut = coarsest_cut(problem, TableId::of(i));
    found.placement.unplaced.insert(found.placement.unplaced.end(), cut.begin(), cut.end());
  }
  if (pieces) found.placement.shards = deal(space, *pieces);
  return found;
}

}  // namespace shardwright
