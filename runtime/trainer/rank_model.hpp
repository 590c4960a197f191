#pragma once

#include "planner/plan.hpp"
#include "runtime/comm/communication_thread.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/device/backend.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/model/dense_model.hpp"
#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// The model of a job. Without a dense part the embeddings are trained alone: the gradient of a
/// pooled value, or of an id's vector's, is the value itself divided by the global batch size, as
/// it was in the first step with so many values.
struct RankModelSpec {
  const Plan& plan;
  std::optional<DlrmConfig> dense;
  DenseOptimizer dense_optimizer = {};
  std::uint64_t seed = 1;
  WireFormats wire = {};     ///< on the CPU alone
  std::int64_t threads = 1;  ///< of look-up and update on the CPU: EmbeddingOptions
  OptimizerSettings embedding_optimizer = {};
  double gradient_clip_norm =
      0;                 ///< most that all gradients' norm may be; 0: any; on the CPU alone
  bool overlap = false;  ///< of exchanges and computing, on the CPU alone: EmbeddingOptions
  CommunicationThread communication_thread = CommunicationThread::automatic;  ///< with overlap
};

/// Of one step.
struct LearningRates {
  double embeddings = 0;
  double dense = 0;
};

/// A model that has been saved: each function replaces the values of what it is given, in their
/// number.
struct SavedState {
  std::int64_t updates = 0;                                        ///< that its tables have had
  std::function<void(ShardedEmbeddings::LocalShard&)> load_shard;  ///< weights in floats
  std::function<void(DenseModel::Parameter&)> load_dense;  ///< parameters and optimizer state
};

/// What can be said of a rank's GPU, beside times and memory.
struct DeviceFigures {
  std::int64_t lookup_bytes = 0;  ///< of the last batch: EmbeddingTraffic
  std::int64_t update_bytes = 0;
  std::int64_t ids = 0;
  std::int64_t unique_rows = 0;
  double copy_gb_per_s = 0;  ///< of a copy within the device, measured now
};

/// One rank's part of a model: its shards of the embedding tables and its copy of the dense part,
/// which stays equal on all ranks because all apply the same sum of gradients.
class RankModel {
 public:
  virtual ~RankModel() = default;

  /// ShardedEmbeddings::check_ids(). Local.
  virtual void check_ids(Batch& batch, BadIdPolicy policy) const = 0;

  /// The batch after that of the next train(), whose ids may then travel during it. It must stay as
  /// it is until then, and be the next one that is trained or predicted.
  virtual void announce(const Batch& /*next*/) {}

  /// One training step on this rank's samples, which may be none. Reports all but StepPhase::read.
  /// Blocks.
  virtual StepReport train(const Batch& batch, const LearningRates& rates) = 0;

  /// ShardedEmbeddings::leave_out(), for all phases but read. Throws UsageError on a GPU.
  virtual void leave_out(std::optional<StepPhase> phase);

  /// Probabilities of batch.size samples; valid until the next call. Blocks.
  virtual std::span<const float> predict(const Batch& batch) = 0;

  /// This rank's shards in host memory, their weights in floats whatever their format, valid until
  /// the next call.
  virtual std::span<const ShardedEmbeddings::LocalShard> local_shards() = 0;
  /// Goes on from a saved model. Local.
  virtual void restore(const SavedState& saved) = 0;
  /// If the model has a dense part.
  virtual const DenseModel& dense() const = 0;

  /// Most bytes of device memory that were taken, above those before the model was made; 0 on a
  /// CPU.
  virtual std::int64_t peak_device_bytes() { return 0; }
  /// Nothing on a CPU. Counts and measures: takes some time.
  virtual std::optional<DeviceFigures> device_figures() { return std::nullopt; }
};

/// Throws CollectiveError on every rank for what is wrong on one: InputError's, or an environment
/// without enough memory, or without a GPU where one is asked for. Blocks.
std::unique_ptr<RankModel> make_rank_model(Communicator& comm, const RankModelSpec& spec,
                                           const BackendOptions& options);

}  // namespace shardwright
