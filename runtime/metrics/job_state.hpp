#pragma once

#include "runtime/metrics/step_metrics.hpp"
#include "runtime/trainer/binary_metrics.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace shardwright {

/// What a job is called.
struct JobNames {
  std::string job_id;
  std::string plan_id;
  std::string output;  ///< folder; empty: none
};

/// How far a job is, for those who look at it now and then.
struct JobState {
  JobNames names;
  std::int64_t ranks = 0;
  std::int64_t num_steps = 0;         ///< of the whole job
  StepMetrics latest;                 ///< the last report; steps is 0 before the first
  std::int64_t samples = 0;           ///< that this process has trained on, all ranks together
  StepStatistics totals;              ///< over this process' steps
  std::optional<BinaryMetrics> test;  ///< the last evaluation
  double metrics_seconds = 0;         ///< that this process has spent on metrics, on rank 0
};

}  // namespace shardwright
