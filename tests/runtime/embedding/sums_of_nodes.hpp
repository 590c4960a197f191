#pragma once

#include "costmodel/exchange_traffic.hpp"
#include "planner/plan.hpp"

#include <algorithm>

namespace shardwright::synthetic {

/// A pooled value may then be the sum of the nodes' sums, and not of the blocks' in the order of
/// the rows.
inline bool adds_sums_of_nodes(const Plan& plan) {
  if (row_wise_sums(plan.topology) == RowWiseSums::at_samples) return false;
  return std::any_of(plan.shards.begin(), plan.shards.end(), [&](const Shard& shard) {
    return shard.type == ShardingType::row_wise &&
           shard.rows() < plan.workload.table(shard.table).rows;
  });
}

}  // namespace shardwright::synthetic
