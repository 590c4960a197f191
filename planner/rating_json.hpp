#pragma once

#include "planner/plan.hpp"
#include "planner/search/search.hpp"

#include <nlohmann/json.hpp>

namespace shardwright {

/// What `plan --json` and `rate --json` print: {"status","cost_ms","per_rank","search_seconds",
/// "evaluations","stopped_by", and the objective, models and plan_id}. docs/plan_format.md.
nlohmann::json rating_to_json(const Plan& plan);

/// The same of a search; without a plan "cost_ms" is null and "per_rank" empty, and "message",
/// "missing_bytes" and "unplaced" [{"table","memory_bytes"}] say why.
nlohmann::json rating_to_json(const SearchResult& result);

}  // namespace shardwright
