#pragma once

#include "tests/planner/sample_plan.hpp"

#include <utility>
#include <vector>

namespace shardwright {

inline constexpr TableId kHot{0};
inline constexpr TableId kCold{1};

/// Two tables, each whole on one of two CPU ranks, by the analytic cost model: `hot` of 50 rows,
/// which 4,096 samples a rank name again and again, and `cold` of 100 million with 50 ids a sample,
/// of which most are different. Those of `unique_rows` are exchanged as distinct rows.
inline Plan hot_and_cold(std::vector<TableId> unique_rows = {}) {
  Plan plan;
  plan.workload = {{sample_table("hot", 50, 64), sample_table("cold", 100'000'000, 16, 50)}, 8192};
  plan.topology = sample_topology({kPlenty, kPlenty});
  plan.shards = {{kHot, ShardingType::table_wise, 0, 50, 0, 64, RankId(0)},
                 {kCold, ShardingType::table_wise, 0, 100'000'000, 0, 16, RankId(1)}};
  plan.unique_rows = std::move(unique_rows);
  plan.reasons = {"whole", "whole"};
  rate_plan(plan, *make_cost_model("analytic"));
  return plan;
}

}  // namespace shardwright
