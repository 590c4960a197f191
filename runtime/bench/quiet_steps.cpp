#include "runtime/bench/quiet_steps.hpp"

#include "runtime/bench/quiet_moments.hpp"

#include <algorithm>

namespace shardwright {
namespace {

std::vector<double> disturbances_of(const std::vector<StepTimes>& steps) {
  std::vector<double> disturbances;
  disturbances.reserve(steps.size());
  for (const StepTimes& step : steps) disturbances.push_back(step.disturbance);
  return disturbances;
}

void share_disturbances(std::vector<std::vector<StepTimes>>& ranks) {
  for (std::size_t step = 0; step < ranks.front().size(); ++step) {
    double worst = 0;
    for (const auto& steps : ranks) worst = std::max(worst, steps[step].disturbance);
    for (auto& steps : ranks) steps[step].disturbance = worst;
  }
}

}  // namespace

std::int64_t num_quiet(const std::vector<StepTimes>& steps) {
  return num_quiet(disturbances_of(steps));
}

void keep_quiet_steps(std::vector<std::vector<StepTimes>>& ranks, std::size_t least,
                      bool together) {
  if (together) share_disturbances(ranks);
  std::size_t count = ranks.front().size();
  for (const auto& steps : ranks) {
    count = std::min(count, std::max(static_cast<std::size_t>(num_quiet(steps)), least));
  }
  for (auto& steps : ranks) {
    std::vector<StepTimes> kept;
    for (const std::size_t step : least_disturbed(disturbances_of(steps), count)) {
      kept.push_back(steps[step]);
    }
    steps = std::move(kept);
  }
}

}  // namespace shardwright
