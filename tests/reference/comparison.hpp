#pragma once

#include "saved_weights.hpp"
#include "training.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace reference {

/// What a sharded training run wrote to its metrics.jsonl.
struct ShardedRun {
  std::map<std::int64_t, double> losses;  ///< by step over all epochs
  double auc = 0;                         ///< of the last evaluation
  double log_loss = 0;
  double step_ms = 0;  ///< mean over steps
  // Of the phases that its plan predicts, the slowest rank of each, summed; 0 without predictions.
  double measured_ms = 0;
  double predicted_ms = 0;
  std::int64_t ranks = 1;
  std::int64_t cores = 1;
  std::string job_id;
};

/// Throws std::runtime_error for a file that lacks steps, an evaluation or the summary.
ShardedRun read_sharded_run(const std::string& metrics_file);

/// Throws std::runtime_error unless the model in this folder is of the run that wrote the metrics:
/// both carry the same job_id.
void require_same_run(const std::string& metrics_file, const std::string& model_folder);

struct LossDifference {
  double relative = 0;
  std::int64_t step = 0;  ///< where it is largest
};

/// Largest |sharded - reference| / |reference| over the steps; throws std::runtime_error if the two
/// did not take the same steps.
LossDifference largest_loss_difference(const ShardedRun& run, const TrainingResult& result);

/// The table that closes a comparison; its last line is
/// `auc_sharded=… auc_reference=… max_relative_loss_difference=…`.
std::string comparison_table(const ShardedRun& run, const TrainingResult& result,
                             const WeightDifference& weights);

}  // namespace reference
