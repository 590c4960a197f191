#pragma once

#include "planner/plan.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/jagged_vectors.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/exchange/wire_formats.hpp"
#include "runtime/metrics/step_phase.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

enum class BadIdPolicy {
  error,  ///< end the job with feature, table, id, sample, rank
  clip,   ///< use the nearest legal row
  skip,   ///< drop the id from its bag
};

struct EmbeddingOptions {
  std::uint64_t seed = 1;
  OptimizerSettings optimizer = {};
  WireFormats wire = {};
  /// That look up and update, this one among them unless it is the communication thread; the bits
  /// are the same.
  std::int64_t threads = 1;
  bool overlap = false;  ///< exchange while computing; the same on all ranks; the bits are the same
  /// The calling thread moves messages on, and nothing else, while the others look up and update;
  /// for a core that is spare. Of use with overlap; the bits are the same.
  bool communication_thread = false;
};

/// What a rank spent in the last step, by phase, and what it sent for its batch. With overlap, the
/// time of an exchange is what it took beside computing, that of the next batch's ids included.
struct EmbeddingPhases {
  double input_exchange_ms = 0, lookup_ms = 0, output_exchange_ms = 0;
  double gradient_exchange_ms = 0, update_ms = 0;
  std::int64_t input_bytes = 0, output_bytes = 0, gradient_bytes = 0;  ///< sent to other ranks
};

/// The embedding tables of a model, sharded by a plan over the ranks of a communicator. Allocates
/// only this rank's shards. Supports the sharding types of trainable_types.hpp, mixed in one model,
/// sum and mean pooling or none, per-sample weights, and every optimizer (each table's
/// `optimizer`), fused with the sum of a row's gradients.
///
/// A row's gradient is summed in the order of global sample index (then feature, then position in
/// the bag), so weights and state have the same bits for any number of ranks and any plan that
/// keeps rows and bags unsplit; where there is no pooling, row cuts split neither. Partial sums
/// (row cuts, data_parallel) are added in a fixed order: the same bits from run to run.
class ShardedEmbeddings {
 public:
  /// Throws InputError if the plan is for another number of ranks or uses what is not supported.
  ShardedEmbeddings(const Plan& plan, Communicator& comm, const EmbeddingOptions& options);
  ~ShardedEmbeddings();

  /// Features in the order of the plan's tables, then of each table's `features`: the order in
  /// which Batch::features must come and in which pooled columns are laid out.
  const std::vector<std::string>& feature_names() const;
  std::int64_t pooled_columns() const;  ///< sum of dims over pooled features
  /// Features of tables without pooling (mode none), in their order: each of their ids gets a
  /// vector of its own. jagged_vectors.hpp says how the vectors of a batch lie.
  const std::vector<UnpooledFeature>& unpooled_features() const;

  /// Makes the ids of `batch` legal or throws InputError naming feature, table, id, sample and
  /// rank. Local: call it inside run_together().
  void check_ids(Batch& batch, BadIdPolicy policy) const;

  /// Says which batch follows the one of the next training step, whose ids then travel during that
  /// step: from its forward() to the end of its backward(), until when `next` must stay as it is.
  /// The forward() after it must be of `next`. All ranks or none call it, before each step anew.
  void announce(const Batch& next);

  /// Looks up all ids of all ranks and fills `pooled`, [batch.size][pooled_columns()], row-major,
  /// and `vectors`, of num_vector_values(). Blocks.
  void forward(const Batch& batch, std::span<float> pooled, std::span<float> vectors = {});

  /// forward() in two parts, so that something can be computed while values travel: the first looks
  /// up and sends, the second fills `pooled` and `vectors`, which must stay until then. Both block.
  void start_forward(const Batch& batch, std::span<float> pooled, std::span<float> vectors = {});
  void finish_forward();

  /// Takes d loss / d pooled and d loss / d vectors of the same batch (mean over the global batch
  /// already inside) and updates the weights. Blocks.
  void backward(std::span<const float> pooled_gradient, float learning_rate,
                std::span<const float> vector_gradient = {});

  /// backward() in two parts, so that gradients can be clipped between them: the first brings the
  /// gradients to their rows, the second updates the weights by gradient_scale times them. Both
  /// block.
  void bring_gradients(std::span<const float> pooled_gradient,
                       std::span<const float> vector_gradient = {});
  void update(float learning_rate, float gradient_scale);

  /// bring_gradients() in two parts, as those of forward(): the first sends the gradients, which
  /// must stay until the second has ended. Both block.
  void start_gradients(std::span<const float> pooled_gradient,
                       std::span<const float> vector_gradient = {});
  void finish_gradients();

  /// Moves on what travels between the parts of a step; does not block. Throws as
  /// Communicator::Exchange::advance().
  void advance();

  /// Σ g² over this rank's shards after bring_gradients(); replicated tables count on rank 0 alone,
  /// so that the ranks' sums add up to the whole. Costs one pass over the batch's gradients.
  double gradient_square_sum();

  const EmbeddingPhases& phases() const;

  /// From now on steps leave out one of their own phases, or none: to find out what it costs beside
  /// the others. What they compute is worth nothing then; without input_exchange they take the last
  /// batch's ids again, so it must be that batch if any table has no pooling. The same on all
  /// ranks, between two steps of training.
  void leave_out(std::optional<StepPhase> phase);

  /// This rank's shards, those that every rank has (data_parallel) last: rows × columns weights,
  /// row-major, and optimizer state, rows × state_width() (optimizer.hpp).
  struct LocalShard {
    Shard shard;
    LineVector<float> weights;  ///< of an fp32 table
    LineVector<float> state;
    DataType dtype = DataType::fp32;
    LineVector<std::uint16_t> weights16 = {};  ///< in place of `weights`: bits of bf16 or fp16
    std::uint64_t rounding_key = 0;            ///< rounding_table_key() of the table
  };
  const std::vector<LocalShard>& local_shards() const;

  /// Goes on from a checkpoint: `load` replaces weights, in floats whatever their format, and state
  /// of each of this rank's shards, in their sizes; `updates` is how many updates they have had.
  /// Local.
  void restore(std::int64_t updates, const std::function<void(LocalShard&)>& load);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The initial value of one weight, uniform in ±1/sqrt(rows): depends on nothing but its arguments,
/// so it is the same for any plan. Formula in docs/training_math.md.
float initial_embedding_weight(std::uint64_t seed, const std::string& table, std::int64_t rows,
                               std::int64_t row, std::int64_t column);

}  // namespace shardwright
