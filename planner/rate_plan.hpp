#pragma once

#include "planner/plan.hpp"

namespace shardwright {

/// Fills in what `cost_model` and plan.memory_model say of plan.shards: plan.cost_model, cost_ms
/// and predicted. cost_ms is always a time: that of plan.objective, and the step's critical path
/// where the objective is memory.
void rate_plan(Plan& plan, const CostModel& cost_model);

}  // namespace shardwright
