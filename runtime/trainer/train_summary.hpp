#pragma once

#include "planner/plan.hpp"
#include "runtime/measured/plan_check.hpp"
#include "runtime/metrics/metrics_cost.hpp"
#include "runtime/trainer/binary_metrics.hpp"
#include "runtime/trainer/memory_measurement.hpp"
#include "runtime/trainer/phase_table.hpp"
#include "runtime/trainer/rank_placement.hpp"
#include "runtime/trainer/step_report.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// What a training run comes to; the same on every rank.
struct TrainSummary {
  std::int64_t steps = 0;
  std::int64_t epochs = 0;   ///< gone through to their end
  std::int64_t samples = 0;  ///< trained on, counted once per epoch
  double seconds = 0;        ///< in training steps, without start and evaluation
  double samples_per_s() const { return seconds > 0 ? static_cast<double>(samples) / seconds : 0; }
  std::optional<double> last_loss;
  BinaryMetrics test;
  StepStatistics sums;                  ///< over the last measured_steps steps
  std::int64_t measured_steps = 0;      ///< fewer than steps after a change of plan on the way
  std::optional<PhaseTimes> predicted;  ///< of the slowest rank per phase; empty without prediction
  RankPlacement placement;
  std::vector<MemoryMeasurement> device_memory;  ///< one per rank; none on CPUs
  MetricsCost metrics;                           ///< of rank 0, in the process that ends the job
  std::optional<PlanCheck> plan_check;           ///< on rank 0 alone, after some step
  std::string plan_id;
  std::string job_id;  ///< job_identity.hpp; the saved model has the same
};

/// The document of `train --json`, and the last line of metrics.jsonl beside "event".
nlohmann::json summary_to_json(const TrainSummary& summary);
/// The same for people, with predicted beside measured times; ends in a newline.
std::string summary_to_text(const TrainSummary& summary);

}  // namespace shardwright
