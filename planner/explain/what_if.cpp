#include "planner/explain/what_if.hpp"

#include "planner/check.hpp"
#include "planner/unique_rows_memory.hpp"
#include "planner/unique_rows_price.hpp"

#include <algorithm>

namespace shardwright {

WhatIf::WhatIf(const Plan& plan, const CostModel& cost_model)
    : plan_(plan),
      workload_(workload_as_exchanged(plan)),
      prices_(cost_model, workload_, plan.topology),
      times_(price(plan.shards)),
      cost_ms_(cost_ms(times_)) {}

std::vector<Shard> WhatIf::with(TableId table, std::span<const Shard> replacement) const {
  std::vector<Shard> shards;
  bool placed = false;
  for (const Shard& shard : plan_.shards) {  // ordered by table
    if (!placed && shard.table >= table) {
      shards.insert(shards.end(), replacement.begin(), replacement.end());
      placed = true;
    }
    if (shard.table != table) shards.push_back(shard);
  }
  if (!placed) shards.insert(shards.end(), replacement.begin(), replacement.end());
  return shards;
}

std::vector<PhaseTimes> WhatIf::price(std::span<const Shard> shards) const {
  std::vector<PhaseTimes> times = prices_.of(shards);
  if (!plan_.unique_rows.empty()) add_pooling_work(plan_, shards, times);
  return times;
}

double WhatIf::cost_ms(std::span<const PhaseTimes> times) const {
  return step_cost_ms(times,
                      plan_.objective == Objective::memory ? Objective::step : plan_.objective);
}

Bytes WhatIf::missing(std::span<const Shard> shards) const {
  const auto memory = memory_of_plan(plan_, shards);
  Bytes most;
  for (std::size_t rank = 0; rank < memory.size(); ++rank) {
    most = std::max(most, memory[rank].total() - plan_.topology.ranks[rank].usable());
  }
  return most;
}

Obstacle WhatIf::judge(TableId table, const std::vector<Shard>& replacement, Bytes lacking) const {
  if (lacking > Bytes(0)) return Obstacle::memory;
  return check_placement(plan_, table, replacement).empty() ? Obstacle::none : Obstacle::rules;
}

}  // namespace shardwright
