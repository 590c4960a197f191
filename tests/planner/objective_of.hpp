#pragma once

#include "planner/describe_plan.hpp"
#include "planner/plan.hpp"

namespace shardwright {

/// What a search makes small: ms, or bytes of the fullest rank where the objective is memory.
inline double objective_of(const Plan& plan) {
  if (plan.objective != Objective::memory) return plan.cost_ms;
  return static_cast<double>(fullest_rank(plan).value());
}

}  // namespace shardwright
