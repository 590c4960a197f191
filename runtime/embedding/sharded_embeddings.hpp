#pragma once

#include "planner/plan.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <memory>
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
  float adagrad_eps = 1e-8F;
  float adagrad_initial_accumulator = 0.0F;
};

/// What a rank sent and spent in the last step, by phase.
struct EmbeddingPhases {
  double input_exchange_ms = 0, lookup_ms = 0, output_exchange_ms = 0;
  double gradient_exchange_ms = 0, update_ms = 0;
  std::int64_t input_bytes = 0, output_bytes = 0, gradient_bytes = 0;  ///< sent to other ranks
};

/// The embedding tables of a model, sharded by a plan over the ranks of a communicator. Allocates
/// only this rank's shards. Supports table_wise and column_wise, sum and mean pooling, per-sample
/// weights, and fused SGD, Adagrad, row-wise Adagrad (each table's `optimizer`).
///
/// A row's gradient is summed in the order of global sample index (then feature, then position in
/// the bag), so weights and state have the same bits for any number of ranks and any unsplit plan.
class ShardedEmbeddings {
 public:
  /// Throws InputError if the plan is for another number of ranks or uses what is not supported.
  ShardedEmbeddings(const Plan& plan, Communicator& comm, const EmbeddingOptions& options);
  ~ShardedEmbeddings();

  /// Features in the order of the plan's tables, then of each table's `features`: the order in
  /// which Batch::features must come and in which pooled columns are laid out.
  const std::vector<std::string>& feature_names() const;
  std::int64_t pooled_columns() const;  ///< sum of dims over features

  /// Makes the ids of `batch` legal or throws InputError naming feature, table, id, sample and
  /// rank. Local: call it inside run_together().
  void check_ids(Batch& batch, BadIdPolicy policy) const;

  /// Looks up all ids of all ranks and fills `pooled`, [batch.size][pooled_columns()], row-major.
  /// Blocks.
  void forward(const Batch& batch, std::span<float> pooled);

  /// Takes d loss / d pooled of the same batch (mean over the global batch already inside) and
  /// updates the weights. Blocks.
  void backward(std::span<const float> pooled_gradient, float learning_rate);

  const EmbeddingPhases& phases() const;

  /// This rank's shards: rows × columns weights, row-major, and optimizer state (adagrad: same
  /// shape; rowwise_adagrad: one value per row; sgd: empty).
  struct LocalShard {
    Shard shard;
    std::vector<float> weights;
    std::vector<float> state;
  };
  const std::vector<LocalShard>& local_shards() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The initial value of one weight, uniform in ±1/sqrt(rows): depends on nothing but its arguments,
/// so it is the same for any plan. Formula in docs/training_math.md.
float initial_embedding_weight(std::uint64_t seed, const std::string& table, std::int64_t rows,
                               std::int64_t row, std::int64_t column);

}  // namespace shardwright
