#pragma once

#include "planner/plan.hpp"
#include "planner/rate_plan.hpp"
#include "tests/planner/sample_workload.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace shardwright {

/// More memory than any test's tables take.
inline constexpr std::int64_t kPlenty = std::int64_t{1} << 50;

/// Tables t0, t1 … of 100 rows and the given dims, each whole on the rank beside it, priced by
/// columns; one rank per entry of `memory`, in bytes, of which weights alone count.
inline Plan whole_tables(const std::vector<std::pair<std::int64_t, std::int64_t>>& dim_and_rank,
                         const std::vector<std::int64_t>& memory) {
  Plan plan;
  plan.workload.batch_size = 8;
  plan.topology = sample_topology(memory);
  plan.memory_model = MemoryModel::weights;
  for (const auto& [dim, rank] : dim_and_rank) {
    const TableId id = TableId::of(plan.workload.tables.size());
    plan.workload.tables.push_back(sample_table(fmt::format("t{}", id.value()), 100, dim));
    plan.shards.push_back({id, ShardingType::table_wise, 0, 100, 0, dim, RankId(rank)});
  }
  rate_plan(plan, ColumnCostModel());
  return plan;
}

}  // namespace shardwright
