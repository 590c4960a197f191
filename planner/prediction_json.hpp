#pragma once

#include "costmodel/json/json_view.hpp"
#include "planner/plan.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace shardwright {

/// [{"rank","memory_bytes","comm_input_ms","compute_forward_ms","comm_forward_ms",
///   "compute_backward_ms","comm_backward_ms","total_ms"}], one element per rank.
nlohmann::json predictions_to_json(const std::vector<RankPrediction>& predicted);

/// Reads that form; total_ms, being the sum of the phases, is not read. Throws InputError.
std::vector<RankPrediction> predictions_from_json(const JsonView& json);

}  // namespace shardwright
