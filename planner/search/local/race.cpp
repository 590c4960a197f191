#include "planner/search/local/race.hpp"

#include "planner/search/local/annealer.hpp"
#include "planner/search/local/in_parallel.hpp"
#include "planner/search/local/spread.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr std::size_t kMostRacers = 8;
constexpr double kTemperature = 1e-3;          // relative to the cost
constexpr double kMostTime = 1.0 / 3;          // of what is left
constexpr std::int64_t kBetweenLooks = 256;    // steps between two looks at the clock
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

// What each racer may take of the time limit: they run beside each other, `threads` at once.
double time_of_each(std::size_t racers, unsigned threads, const Deadline& deadline) {
  const std::size_t rounds = std::max<std::size_t>((racers + threads - 1) / threads, 1);
  return kMostTime * (1 - deadline.share_spent()) / static_cast<double>(rounds);
}

void run(Annealer& racer, std::int64_t steps, double share_of_time, const Deadline& deadline) {
  const double end = deadline.share_spent() + share_of_time;
  const std::int64_t at_once = deadline.has_time_limit() ? kBetweenLooks : steps;
  for (std::int64_t left = steps; left > 0; left -= at_once) {
    racer.run(std::min(left, at_once), kTemperature, deadline.passed());
    if (deadline.has_time_limit() && deadline.share_spent() >= end) return;
  }
}

}  // namespace

void race(const SearchSpace& space, std::vector<Start>& starts,
          const std::vector<std::int32_t>& widest, std::uint64_t seed, std::int64_t steps,
          unsigned threads, const Deadline& deadline, std::int64_t& evaluations) {
  let_in(space, starts, widest);
  const std::size_t racers = std::min(starts.size(), kMostRacers);
  const double share_of_each = time_of_each(racers, threads, deadline);
  std::vector<std::int64_t> evaluated(racers);
  in_parallel(racers, threads, [&](std::size_t i) {
    const bool spread = holds(space, starts[i], widest);
    Annealer racer(space, starts[i].pieces, seed, kFirstStream + i,
                   spread ? widest : std::vector<std::int32_t>());
    run(racer, steps, share_of_each, deadline);
    starts[i] = {racer.best_cost(), racer.best(), starts[i].ours};
    evaluated[i] = racer.evaluations();
  });
  for (const std::int64_t count : evaluated) evaluations += count;
  std::stable_sort(starts.begin(), starts.begin() + static_cast<std::ptrdiff_t>(racers),
                   [](const Start& a, const Start& b) { return a.cost < b.cost; });
}

}  // namespace shardwright
