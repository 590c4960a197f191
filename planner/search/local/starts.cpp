#include "planner/search/local/starts.hpp"

#include "planner/search/algorithms.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/local/cost_greedy.hpp"
#include "planner/search/local/deal.hpp"
#include "planner/search/local/layout.hpp"
#include "planner/search/local/pack.hpp"
#include "planner/search/neuroshard.hpp"
#include "planner/search/torchrec_greedy.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace shardwright {
namespace {

// Widest pieces of cost_greedy(), in mean costs of a rank.
constexpr std::array kDegrees = {
    std::numeric_limits<double>::infinity(), 1.0, 0.7, 0.5, 0.42, 0.35, 0.25};
constexpr std::int64_t kPackingSteps = 2'000'000;  // where no work limit is given

bool is_slow(const Algorithm& algorithm) { return algorithm.name.starts_with("torchrec"); }

bool knows_companions(const SearchSpace& space, const Algorithm& algorithm) {
  return algorithm.knows_companions || space.problem().companions.none();
}

// TorchRec tries about as many proposals as there are tables, each in tables · ranks steps.
bool too_long(const SearchSpace& space, const Algorithm& algorithm) {
  if (!is_slow(algorithm)) return false;
  const bool bisects = algorithm.place == torchrec_memory_balanced;
  const double most_steps = bisects ? 1e5 : 2e7;
  const auto tables = static_cast<double>(space.num_tables());
  return tables * tables * static_cast<double>(space.num_ranks()) > most_steps;
}

// NeuroShard makes some 6,600 greedy placements.
bool affords_neuroshard(const SearchSpace& space, const Effort& effort) {
  constexpr std::size_t kMostPairs = 1'000;
  constexpr double kSecondsPerPair = 1.2e-4;  // measured, on an AMD EPYC 9004
  constexpr double kMostTime = 1.0 / 8;       // of a time limit
  const std::size_t pairs = space.num_tables() * space.num_ranks();
  const double seconds = kSecondsPerPair * static_cast<double>(pairs);
  const bool in_time =
      !effort.time_limit_seconds || seconds <= kMostTime * *effort.time_limit_seconds;
  return space.problem().companions.none() && pairs <= kMostPairs && in_time;
}

}  // namespace

std::vector<Start> find_starts(const SearchSpace& space, const Question& question,
                               double mean_cost_ms, const std::vector<std::int32_t>& widest,
                               const std::atomic<bool>& stop, const std::atomic<bool>& stop_packing,
                               std::int64_t& evaluations) {
  std::vector<Start> starts;
  Layout layout(space);
  const auto add = [&](std::vector<Piece> pieces, bool ours = false) {
    layout.assign(pieces);
    ++evaluations;
    starts.push_back({layout.cost(), std::move(pieces), ours});
  };
  for (const Algorithm& algorithm : algorithms()) {
    if (algorithm.place == nullptr || !knows_companions(space, algorithm)) continue;
    if (too_long(space, algorithm) || (stop && is_slow(algorithm))) continue;
    const Placement placement = algorithm.place(space.problem(), question.seed);
    if (!placement.unplaced.empty()) continue;
    if (auto pieces = pieces_of(space, placement.shards)) add(std::move(*pieces));
  }
  for (const double degree : kDegrees) {
    const double most = degree * mean_cost_ms;
    auto pieces = cost_greedy(space, Fit::cheapest, most, evaluations);
    if (pieces) add(std::move(*pieces), true);
    if (stop) break;
    if (widest.empty()) continue;
    pieces = cost_greedy(space, Fit::cheapest, most, evaluations, widest);
    if (pieces) add(std::move(*pieces), true);
  }
  if (affords_neuroshard(space, question.effort)) {
    const auto found = neuroshard_pieces(space, stop, evaluations);
    auto pieces = found ? pieces_of(space, deal(space, *found)) : std::nullopt;
    if (pieces) add(std::move(*pieces));
  }
  if (starts.empty() && !prove_infeasible(space.problem())) {
    const std::int64_t limit = question.effort.work_limit;
    auto pieces =
        pack(space, question.seed, limit > 0 ? limit : kPackingSteps, stop_packing, evaluations);
    if (pieces) add(std::move(*pieces), true);
  }
  std::stable_sort(starts.begin(), starts.end(), [](const Start& a, const Start& b) {
    return std::tie(a.cost, a.ours) < std::tie(b.cost, b.ours);
  });
  const auto same = [](const Start& a, const Start& b) { return a.cost == b.cost; };
  starts.erase(std::unique(starts.begin(), starts.end(), same), starts.end());
  return starts;
}

}  // namespace shardwright
