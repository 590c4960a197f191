#include "planner/search/local/race.hpp"

#include "planner/search/local/annealer.hpp"
#include "planner/search/local/in_parallel.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::size_t kMostRacers = 8;
constexpr double kTemperature = 1e-3;          // relative to the cost
constexpr std::uint64_t kFirstStream = 1'000;  // of random numbers; those below are others'

}  // namespace

void race(const SearchSpace& space, std::vector<Start>& starts, std::uint64_t seed,
          std::int64_t steps, unsigned threads, const std::atomic<bool>& stop,
          std::int64_t& evaluations) {
  const std::size_t racers = std::min(starts.size(), kMostRacers);
  std::vector<std::int64_t> evaluated(racers);
  in_parallel(racers, threads, [&](std::size_t i) {
    Annealer racer(space, starts[i].pieces, seed, kFirstStream + i);
    racer.run(steps, kTemperature, stop);
    starts[i] = {racer.best_cost(), racer.best()};
    evaluated[i] = racer.evaluations();
  });
  for (const std::int64_t count : evaluated) evaluations += count;
  std::stable_sort(starts.begin(), starts.begin() + static_cast<std::ptrdiff_t>(racers),
                   [](const Start& a, const Start& b) { return a.cost < b.cost; });
}

}  // namespace shardwright
