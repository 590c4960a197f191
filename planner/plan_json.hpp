#pragma once

#include "planner/input_file.hpp"
#include "planner/plan.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {

// The plan file, "shardwright.plan/1": docs/plan_format.md.

/// Reads and validates a plan file ("-": standard input): JSON shape here, placement by check_plan
/// (a plan with problems is an InputError that lists them). Throws InputError.
Plan read_plan(const std::string& file);
/// The same without check_plan, for `check` itself.
Plan read_plan_unchecked(const std::string& file);
/// Of a file that was read.
Plan read_plan_unchecked(const InputFile& input);
nlohmann::json plan_to_json(const Plan& plan);
/// The text of a plan file: equal plans give equal bytes, but for "search" and "made_by".
std::string plan_to_text(const Plan& plan);

/// Hash (16 hex digits) of tables, topology, shards and predictions: equal plans have equal ids.
std::string plan_id(const Plan& plan);

}  // namespace shardwright
