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

}  // namespace shardwright
