#include "planner/rate_plan.hpp"

#include "planner/unique_rows_memory.hpp"
#include "planner/unique_rows_price.hpp"

namespace shardwright {

void rate_plan(Plan& plan, const CostModel& cost_model) {
  const auto times = price_plan(plan, cost_model);
  const auto memory = memory_of_plan(plan, plan.shards);
  plan.cost_model = cost_model.name();
  plan.cost_ms =
      step_cost_ms(times, plan.objective == Objective::memory ? Objective::step : plan.objective);
  plan.predicted.clear();
  for (std::size_t rank = 0; rank < times.size(); ++rank) {
    plan.predicted.push_back({memory[rank].total(), times[rank]});
  }
}

}  // namespace shardwright
