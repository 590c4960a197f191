#include "runtime/trainer/sharded_model.hpp"

#include "runtime/comm/collectives.hpp"
#include "runtime/trainer/stopwatch.hpp"
#include "runtime/trainer/visible_phase.hpp"

namespace shardwright {
namespace {

EmbeddingOptions embedding_options(const TrainConfig& config) {
  EmbeddingOptions options;
  options.seed = config.seed;
  return options;
}

}  // namespace

ShardedModel::ShardedModel(const TrainingInputs& inputs, const TrainConfig& config,
                           Communicator& comm)
    : comm_(comm),
      embeddings_(inputs.plan, comm, embedding_options(config)),
      dense_(inputs.model, inputs.dense_optimizer, config.seed) {}

std::span<const float> ShardedModel::pool(const Batch& batch) {
  pooled_.resize(static_cast<std::size_t>(batch.size * embeddings_.pooled_columns()));
  embeddings_.forward(batch, pooled_);
  return pooled_;
}

StepReport ShardedModel::train(const Batch& batch, double learning_rate) {
  StepReport report;
  show_phase("fwd");
  pool(batch);
  pooled_gradient_.resize(pooled_.size());
  show_phase("den");
  Stopwatch stopwatch;
  report.loss_sum = dense_.forward_backward(batch.dense, pooled_, batch.labels, batch.global_size,
                                            pooled_gradient_);
  report.ms(StepPhase::dense) = stopwatch.lap_ms();
  show_phase("bwd");
  embeddings_.backward(pooled_gradient_, static_cast<float>(learning_rate));
  add_phases(embeddings_.phases(), report);
  show_phase("red");
  all_reduce(report);
  stopwatch.lap_ms();
  dense_.apply_gradients(learning_rate);
  report.ms(StepPhase::dense_update) = stopwatch.lap_ms();
  return report;
}

void ShardedModel::all_reduce(StepReport& report) {
  const std::int64_t sent_before = comm_.traffic().bytes_sent;
  Stopwatch stopwatch;
  ordered_all_reduce(comm_, dense_.gradients());
  report.ms(StepPhase::dense_all_reduce) = stopwatch.lap_ms();
  report.bytes(StepTraffic::dense) = comm_.traffic().bytes_sent - sent_before;
}

std::span<const float> ShardedModel::predict(const Batch& batch) {
  pool(batch);
  probabilities_.resize(static_cast<std::size_t>(batch.size));
  dense_.predict(batch.dense, pooled_, probabilities_);
  return probabilities_;
}

}  // namespace shardwright
