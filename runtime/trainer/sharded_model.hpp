#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/step_report.hpp"
#include "runtime/trainer/train_config.hpp"
#include "runtime/trainer/training_inputs.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// One rank's part of a model: its shards of the embedding tables and its copy of the dense part,
/// which stays equal on all ranks because all apply the same sum of gradients.
class ShardedModel {
 public:
  /// Does not communicate. Throws InputError, or EnvironmentError if there is not enough memory.
  ShardedModel(const TrainingInputs& inputs, const TrainConfig& config, Communicator& comm);

  /// One training step on this rank's samples, which may be none. Reports all but StepPhase::read.
  /// Blocks.
  StepReport train(const Batch& batch, double learning_rate);

  /// Probabilities of batch.size samples; valid until the next call. Blocks.
  std::span<const float> predict(const Batch& batch);

  const ShardedEmbeddings& embeddings() const { return embeddings_; }
  const DenseModel& dense() const { return dense_; }
  ShardedEmbeddings& embeddings() { return embeddings_; }
  DenseModel& dense() { return dense_; }

 private:
  std::span<const float> pool(const Batch& batch);
  void all_reduce(StepReport& report);

  Communicator& comm_;
  ShardedEmbeddings embeddings_;
  DenseModel dense_;
  std::vector<float> pooled_;
  std::vector<float> pooled_gradient_;
  std::vector<float> probabilities_;
};

}  // namespace shardwright
