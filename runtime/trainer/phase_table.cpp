#include "runtime/trainer/phase_table.hpp"

#include "runtime/measured/predicted_phases.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

std::optional<double> predicted_ms(const std::optional<PhaseTimes>& predicted, std::size_t phase) {
  for (const PredictedPhase& known : kPredictedPhases) {
    if (predicted && static_cast<std::size_t>(known.measured) == phase) {
      return (*predicted).*known.predicted;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<PhaseTimes> slowest_phases(std::span<const RankPrediction> ranks) {
  if (ranks.empty()) return std::nullopt;
  PhaseTimes slowest;
  for (const RankPrediction& rank : ranks) {
    for (const PredictedPhase& phase : kPredictedPhases) {
      double& ms = slowest.*phase.predicted;
      ms = std::max(ms, rank.phases.*phase.predicted);
    }
  }
  return slowest;
}

json predicted_json(const std::optional<PhaseTimes>& predicted) {
  json result = json::object();
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    if (const auto ms = predicted_ms(predicted, i)) result[std::string(kStepPhaseNames[i])] = *ms;
  }
  return result.empty() ? json(nullptr) : result;
}

std::string phase_table(const StepStatistics& sums, std::int64_t steps,
                        const std::optional<PhaseTimes>& predicted) {
  const auto count = static_cast<double>(std::max<std::int64_t>(steps, 1));
  std::string text =
      fmt::format("{:<18}{:>12}{:>12}{:>12}\n", "ms per step", "mean rank", "slowest", "predicted");
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    const auto ms = predicted_ms(predicted, i);
    text +=
        fmt::format("{:<18}{:>12.3f}{:>12.3f}{:>12}\n", kStepPhaseNames[i], sums.mean_ms[i] / count,
                    sums.max_ms[i] / count, ms ? fmt::format("{:.3f}", *ms) : "-");
  }
  return text;
}

std::string traffic_line(const StepStatistics& sums, std::int64_t steps) {
  std::string text = "bytes sent per rank and step (largest):";
  const std::int64_t count = std::max<std::int64_t>(steps, 1);
  for (std::size_t i = 0; i < kStepTrafficNames.size(); ++i) {
    text += fmt::format(" {} {}", kStepTrafficNames[i], sums.max_bytes[i] / count);
  }
  return text + "\n";
}

}  // namespace shardwright
