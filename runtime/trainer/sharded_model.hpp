#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/comm/reduce_scatter.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/step_report.hpp"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// A rank's part of a model in host memory, trained by its CPU.
class ShardedModel final : public RankModel {
 public:
  /// `communication_thread`: EmbeddingOptions, whatever the spec says. Does not communicate. Throws
  /// InputError, or EnvironmentError if there is not enough memory.
  ShardedModel(const RankModelSpec& spec, Communicator& comm, bool communication_thread);

  void check_ids(Batch& batch, BadIdPolicy policy) const override;
  void announce(const Batch& next) override { embeddings_.announce(next); }
  StepReport train(const Batch& batch, const LearningRates& rates) override;
  void leave_out(std::optional<StepPhase> phase) override;
  std::span<const float> predict(const Batch& batch) override;
  std::span<const ShardedEmbeddings::LocalShard> local_shards() override;
  void restore(const SavedState& saved) override;
  const DenseModel& dense() const override { return dense_.value(); }

 private:
  void start_look_up(const Batch& batch);
  void finish_look_up(const Batch& batch);
  bool trains_dense() const { return dense_ && left_out_ != StepPhase::dense; }
  std::function<void()> between_layers();
  void start_dense(const Batch& batch, StepReport& report);
  double find_gradients(const Batch& batch);
  void keep_gradients(std::int64_t global_size);
  void finish_dense(StepReport& report);
  void run_forward(const Batch& batch, StepReport& report);
  void send_gradients(StepReport& report);
  template <class Work>
  void during_reduction(StepReport& report, Work work);
  void bring_gradients(StepReport& report);
  void finish_reduction(StepReport& report);
  float find_scale(StepReport& report);
  void update_dense(double learning_rate, float scale, StepReport& report);
  template <class Work>
  double timed(Work work);

  Communicator& comm_;
  double gradient_clip_norm_;
  bool overlap_;
  ShardedEmbeddings embeddings_;
  std::optional<DenseModel> dense_;
  std::vector<ShardedEmbeddings::LocalShard> in_floats_;  ///< for local_shards()
  LineVector<float> pooled_;
  LineVector<float> pooled_gradient_;
  std::vector<float> vectors_;  ///< of the ids of tables without pooling
  std::vector<float> vector_gradient_;
  std::vector<JaggedVectors> jagged_;  ///< vectors_, feature by feature
  std::vector<float> probabilities_;
  std::optional<StepPhase> left_out_;
  OrderedAllReduce<float> dense_sums_;  ///< ends before the gradients do
};

}  // namespace shardwright
