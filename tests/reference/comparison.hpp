#pragma once

#include "saved_weights.hpp"
#include "settings.hpp"
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
  double median_step_ms = 0;
};

/// Throws std::runtime_error for a file without steps or without an evaluation.
ShardedRun read_sharded_run(const std::string& metrics_file);

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
                             const Settings& settings, const WeightDifference& weights);

}  // namespace reference
