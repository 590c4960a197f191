#include "planner/search/local/race.hpp"

#include "planner/search/local/annealer.hpp"
#include "planner/search/local/in_parallel.hpp"
#include "planner/search/local/spread.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::size_t kMostRacers = 8;
constexpr double kTemperature = 1e-3;          // relative to the cost
constexpr std::uint64_t kFirstStream = 1'000;  // of random numbers; those below are others'

bool holds(const SearchSpace& space, const Start& start, const std::vector<std::int32_t>& widest) {
  return !widest.empty() && holds_widths(space, start.pieces, widest);
}

// Gives the last racer's place to the cheapest start that holds the widths, if none before does.
void let_in(const SearchSpace& space, std::vector<Start>& starts,
            const std::vector<std::int32_t>& widest) {
  const auto found = std::find_if(starts.begin(), starts.end(),
                                  [&](const Start& start) { return holds(space, start, widest); });
  if (found == starts.end() || found - starts.begin() < std::ptrdiff_t{kMostRacers}) return;
  std::rotate(starts.begin() + kMostRacers - 1, found, found + 1);
}

}  // namespace

void race(const SearchSpace& space, std::vector<Start>& starts,
          const std::vector<std::int32_t>& widest, std::uint64_t seed, std::int64_t steps,
          unsigned threads, const std::atomic<bool>& stop, std::int64_t& evaluations) {
  let_in(space, starts, widest);
  const std::size_t racers = std::min(starts.size(), kMostRacers);
  std::vector<std::int64_t> evaluated(racers);
  in_parallel(racers, threads, [&](std::size_t i) {
    const bool spread = holds(space, starts[i], widest);
    Annealer racer(space, starts[i].pieces, seed, kFirstStream + i,
                   spread ? widest : std::vector<std::int32_t>());
    racer.run(steps, kTemperature, stop);
    starts[i] = {racer.best_cost(), racer.best(), starts[i].ours};
    evaluated[i] = racer.evaluations();
  });
  for (const std::int64_t count : evaluated) evaluations += count;
  std::stable_sort(starts.begin(), starts.begin() + static_cast<std::ptrdiff_t>(racers),
                   [](const Start& a, const Start& b) { return a.cost < b.cost; });
}

}  // namespace shardwright
