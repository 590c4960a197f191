#pragma once

#include "planner/plan.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// Everything wrong with a plan, one full sentence each; empty means valid. Checked: every element
/// of every table placed exactly once (data_parallel: once, rank null); ranges inside the table;
/// shapes legal for the type; column ranges multiples of 4; ranks inside the topology; constraints
/// of the tables, excluded ranks; memory of every rank under plan.memory_model.
std::vector<std::string> check_plan(const Plan& plan);

/// What would be wrong with one table if it lay in `shards` and all others stayed: the same but for
/// memory, and much quicker than check_plan(), which names the same for a plan that is valid
/// otherwise.
std::vector<std::string> check_placement(const Plan& plan, TableId table,
                                         const std::vector<Shard>& shards);

/// The same without what tables ask of each other.
std::vector<std::string> check_alone(const Plan& plan, TableId table,
                                     const std::vector<Shard>& shards);

}  // namespace shardwright
