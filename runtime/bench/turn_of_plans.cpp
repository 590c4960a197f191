#include "runtime/bench/turn_of_plans.hpp"

#include <algorithm>

namespace shardwright {

std::vector<StepTimes> take_turn(std::size_t count, std::int64_t number,
                                 const std::function<StepTimes(std::size_t plan)>& step) {
  std::vector<StepTimes> times(count);
  double disturbance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t plan = (static_cast<std::size_t>(number) + i) % count;
    times[plan] = step(plan);
    disturbance = std::max(disturbance, times[plan].disturbance);
  }
  for (StepTimes& step_times : times) step_times.disturbance = disturbance;
  return times;
}

}  // namespace shardwright
