#pragma once

#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// One step of the job, over all ranks.
struct TakenStep {
  std::int64_t epoch = 0;  ///< from 0
  std::int64_t step = 0;   ///< over epochs, from 0
  std::int64_t samples = 0;
  double loss = 0;
  double learning_rate = 0;
};

/// One report of a training job: the steps since the report before it, over all ranks.
struct StepMetrics {
  TakenStep last;
  std::int64_t steps = 0;    ///< how many there were
  double loss_mean = 0;      ///< over the steps
  std::int64_t samples = 0;  ///< of all of them
  StepStatistics sums;       ///< over the steps

  double samples_per_s() const {
    return sums.seconds > 0 ? static_cast<double>(samples) / sums.seconds : 0;
  }
};

void add_step(StepMetrics& metrics, const TakenStep& step, const StepStatistics& statistics);

/// The line of metrics.jsonl, {"event":"step",…} with its newline (docs/metrics.md).
std::string step_line(const StepMetrics& metrics);

}  // namespace shardwright
