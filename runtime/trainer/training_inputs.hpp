#pragma once

#include "planner/plan.hpp"
#include "runtime/data/dataset.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/train_config.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// A data set whose features have been matched with the model's (feature_order.hpp).
struct DataPart {
  std::string folder;
  Dataset data;
  std::vector<std::size_t> feature_order;
};

/// Reads batch `step`, counted over all epochs, features in the model's order.
void read_batch(const DataPart& part, const BatchReader& reader, std::int64_t step, Batch& batch);

/// All that a training job reads before its first step, found to fit together.
struct TrainingInputs {
  /// With the config's optimizer, if it has one; predictions only if they are for this job's batch
  /// and optimizers.
  Plan plan;
  DataPart train;
  DataPart test;
  std::string plan_id;      ///< of the plan as it was read
  std::string job_id;       ///< job_identity.hpp
  nlohmann::json identity;  ///< what job_id is a hash of
  DlrmConfig model;
  DenseOptimizer dense_optimizer = {};
  OptimizerSettings embedding_optimizer = {};
  LearningRateSchedule learning_rate = {};
  std::int64_t batch_size = 0;     ///< global
  std::vector<std::string> notes;  ///< sentences that the user should see
};

/// Opens plan and data. Throws InputError if anything is missing or malformed, if the plan is for
/// other tables than the data or for another number of ranks, or if the model's sizes do not fit.
/// Does not communicate.
TrainingInputs open_training_inputs(const TrainConfig& config, std::int64_t num_ranks);

}  // namespace shardwright
