#pragma once

#include "costmodel/cost_model.hpp"
#include "planner/explain/phases.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// What the step waits for in one phase.
struct PathStep {
  const Phase* phase = nullptr;  ///< one of kPhases
  RankId rank{0};                ///< the slowest; the lowest of equals
  double ms = 0;
  double mean_ms = 0;  ///< over all ranks
};

/// One per phase, in order. Objective max_sum: all of the rank with the largest total. Else the
/// slowest rank of each phase, so that the times add up to the cost of a step.
std::vector<PathStep> critical_path(std::span<const PhaseTimes> ranks, Objective objective);

}  // namespace shardwright
