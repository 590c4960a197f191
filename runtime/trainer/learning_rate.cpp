#include "runtime/trainer/learning_rate.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {

double learning_rate_at(const LearningRateSchedule& schedule, double base, std::int64_t step) {
  if (step + 1 < schedule.warmup_steps) {
    return base * (static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps));
  }
  if (schedule.decay_steps == 0 || step + 1 < schedule.decay_start) return base;
  const std::int64_t decayed = std::min(step + 1 - schedule.decay_start, schedule.decay_steps - 1);
  const double left = static_cast<double>(schedule.decay_steps - decayed) /
                      static_cast<double>(schedule.decay_steps);
  return std::max(std::min(base, schedule.end_learning_rate),
                  base * std::pow(left, schedule.decay_power));
}

}  // namespace shardwright
