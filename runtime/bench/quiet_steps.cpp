#include "runtime/bench/quiet_steps.hpp"

#include <algorithm>
#include <numeric>

namespace shardwright {
namespace {

constexpr double kQuiet = 1;

void share_disturbances(std::vector<std::vector<StepTimes>>& ranks) {
  for (std::size_t step = 0; step < ranks.front().size(); ++step) {
    double worst = 0;
    for (const auto& steps : ranks) worst = std::max(worst, steps[step].disturbance);
    for (auto& steps : ranks) steps[step].disturbance = worst;
  }
}

/// In the order in which they were taken.
std::vector<std::size_t> least_disturbed(const std::vector<StepTimes>& steps, std::size_t count) {
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return steps[a].disturbance < steps[b].disturbance;
  });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

std::int64_t num_quiet(const std::vector<StepTimes>& steps) {
  return std::count_if(steps.begin(), steps.end(),
                       [](const StepTimes& step) { return step.disturbance <= kQuiet; });
}

void keep_quiet_steps(std::vector<std::vector<StepTimes>>& ranks, std::size_t least,
                      bool together) {
  if (together) share_disturbances(ranks);
  std::size_t count = ranks.front().size();
  for (const auto& steps : ranks) {
    count = std::min(count, static_cast<std::size_t>(num_quiet(steps)));
  }
  count = std::max(count, least);
  for (auto& steps : ranks) {
    std::vector<StepTimes> kept;
    for (const std::size_t step : least_disturbed(steps, count)) kept.push_back(steps[step]);
    steps = std::move(kept);
  }
}

}  // namespace shardwright
