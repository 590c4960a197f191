#pragma once

#include <cstdint>

namespace shardwright {

/// How learning rates move with the steps, which count from 0 over all epochs.
struct LearningRateSchedule {
  std::int64_t warmup_steps = 0;  ///< linear from 0
  std::int64_t decay_start = 0;   ///< where the decay begins; not before the warm-up ends
  std::int64_t decay_steps = 0;   ///< over which the rate falls towards 0; 0: it does not fall
  double decay_power = 2;
  double end_learning_rate = 0;  ///< below which the decay does not lead
};

/// The rate of one step: base · min(1, (step + 1) / warmup_steps); in the decay, with
/// d = min(step + 1 − decay_start, decay_steps − 1) ≥ 0, the larger of end_learning_rate (or base,
/// where that is less) and base · ((decay_steps − d) / decay_steps)^decay_power.
double learning_rate_at(const LearningRateSchedule& schedule, double base, std::int64_t step);

}  // namespace shardwright
