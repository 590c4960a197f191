#pragma once

#include "planner/explain/explain_plan.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// What `explain --json` prints, "shardwright.explanation/1": docs/explain.md.
nlohmann::json explanation_to_json(const Plan& plan, const Explanation& explanation);

}  // namespace shardwright
