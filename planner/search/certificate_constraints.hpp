#pragma once

#include "planner/asked_constraint.hpp"
#include "planner/search/infeasibility.hpp"

#include <vector>

namespace shardwright {

/// Constraints that have a part in what the proof's certificate claims, if they were asked for:
/// what keeps its tables whole, its shards large, or tables off other ranks.
std::vector<AskedConstraint> constraints_behind(const Proof& proof);

}  // namespace shardwright
