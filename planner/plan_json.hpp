#pragma once

#include "planner/plan.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {

/// Reads and validates a plan file: JSON shape here, placement by check_plan (a plan with problems
/// is an InputError that lists them). Throws InputError.
Plan read_plan(const std::string& file);
/// The same without check_plan, for `check` itself.
Plan read_plan_unchecked(const std::string& file);
nlohmann::json plan_to_json(const Plan& plan);

/// Hash (16 hex digits) of tables, topology, shards and predictions: equal plans have equal ids.
std::string plan_id(const Plan& plan);

}  // namespace shardwright
