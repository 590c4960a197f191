#include "planner/explain/critical_path.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

template <class Time>
std::size_t slowest(std::span<const PhaseTimes> ranks, const Time& time) {
  const auto most =
      std::max_element(ranks.begin(), ranks.end(),
                       [&](const PhaseTimes& a, const PhaseTimes& b) { return time(a) < time(b); });
  return static_cast<std::size_t>(most - ranks.begin());
}

}  // namespace

std::vector<PathStep> critical_path(std::span<const PhaseTimes> ranks, Objective objective) {
  const std::size_t longest =
      slowest(ranks, [](const PhaseTimes& rank) { return rank.total_ms(); });
  std::vector<PathStep> path;
  for (const Phase& phase : kPhases) {
    const auto time = [&](const PhaseTimes& rank) { return rank.*phase.ms; };
    const std::size_t rank = objective == Objective::max_sum ? longest : slowest(ranks, time);
    const double sum =
        std::accumulate(ranks.begin(), ranks.end(), 0.0,
                        [&](double total, const PhaseTimes& r) { return total + time(r); });
    path.push_back(
        {&phase, RankId::of(rank), time(ranks[rank]), sum / static_cast<double>(ranks.size())});
  }
  return path;
}

}  // namespace shardwright
