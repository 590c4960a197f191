#pragma once

#include "planner/plan.hpp"
#include "runtime/trainer/step_report.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace shardwright {

/// Each phase's longest time over the ranks; nothing without predictions.
std::optional<PhaseTimes> slowest_phases(std::span<const RankPrediction> ranks);

/// {"lookup": ms, …} for the phases that a plan predicts; null without prediction.
nlohmann::json predicted_json(const std::optional<PhaseTimes>& predicted);

/// Milliseconds per step of every phase: mean rank, slowest rank, prediction. Ends in a newline.
std::string phase_table(const StepStatistics& sums, std::int64_t steps,
                        const std::optional<PhaseTimes>& predicted);

/// "bytes sent per rank and step (largest): input … output …", with a newline.
std::string traffic_line(const StepStatistics& sums, std::int64_t steps);

}  // namespace shardwright
