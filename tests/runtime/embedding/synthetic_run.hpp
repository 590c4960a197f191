#pragma once

#include "planner/plan.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

// A small training run of embedding tables alone, made of hashes: ids, per-sample weights and
// gradients depend only on (step, global sample, feature or column), never on ranks or plans.
namespace shardwright::synthetic {

enum class Sharding {
  table_wise,
  column_wise,
  mixed,  ///< of these two
  row_wise,
  table_row_wise,
  table_column_wise,
  grid,
  data_parallel,
  every,  ///< each table another of these
};

/// How the four tables of every run are trained.
struct Training {
  OptimizerKind optimizer = OptimizerKind::sgd;
  PoolingMode mode = PoolingMode::sum;
  bool weighted = false;
  DataType dtype = DataType::fp32;
  bool unpooled = false;  ///< "users" and "items" have no pooling, whatever the mode
};

/// Five features over four tables; one table has two features, one a single row, one once a bag of
/// 3,000 ids.
Workload make_workload(const Training& training);
/// Nodes have two ranks. Splits are uneven; shards lie on random ranks, several of a table on one
/// rank too, but the types that cut the rows over a node have one on each of its ranks.
Plan make_plan(const Training& training, Sharding sharding, std::int64_t ranks, std::uint64_t seed);
/// The same of any tables.
Plan place(const Workload& workload, Sharding sharding, std::int64_t ranks, std::uint64_t seed);
/// The same shards on one rank: splits stay. Not for data_parallel.
Plan on_one_rank(Plan plan);

inline constexpr std::int64_t kSteps = 50;
inline constexpr std::uint64_t kSeed = 11;  ///< of the initial weights
inline constexpr float kLearningRate = 0.05F;

/// Samples of a step over all ranks: 0 to 16.
std::int64_t global_samples(std::int64_t step);
/// Samples [begin, end) of a step.
Batch make_batch(const Workload& workload, std::int64_t step, std::int64_t begin, std::int64_t end);
/// This rank's share: uneven, and nothing on some ranks.
Batch make_share(const Workload& workload, std::int64_t step, const Communicator& comm);
Batch make_share_of(const Workload& workload, std::int64_t step, std::int64_t ranks,
                    std::int64_t rank);
/// d loss / d pooled of the batch's samples.
std::vector<float> make_gradient(std::int64_t step, const Batch& batch, std::int64_t columns);

/// d loss / d vectors of the batch's ids, as ShardedEmbeddings takes them.
std::vector<float> make_vector_gradient(const Workload& workload, std::int64_t step,
                                        const Batch& batch);

/// Appends the vectors of a step's global batch to `all`: zeros, but for this rank's `own` part,
/// whose vectors these are.
void append_vectors(const Workload& workload, std::int64_t step, const Batch& own,
                    std::span<const float> vectors, std::vector<float>& all);

/// All that a run leaves behind, put together from the shards: per table weights, and optimizer
/// state as two values per weight, first all first ones (row-wise state repeated, 0 where there is
/// no second; empty for sgd). Pooled values of all
/// steps and samples, one after the other. Of tables without pooling the vectors of all ids: by
/// step, feature, sample, position.
struct Outcome {
  std::vector<std::vector<float>> weights;
  std::vector<std::vector<float>> state;
  std::vector<float> pooled;
  std::vector<float> vectors = {};
  bool operator==(const Outcome&) const = default;
};

/// What is trained: ShardedEmbeddings, or its like on another device.
struct Trainee {
  std::int64_t pooled_columns = 0;
  /// Looks up the batch, fills `pooled`, and updates by `gradient`, both [batch.size][columns].
  std::function<void(const Batch& batch, std::span<float> pooled, std::span<const float> gradient)>
      train;
  std::function<std::vector<ShardedEmbeddings::LocalShard>()> shards;  ///< this rank's
  /// Says before a step which batch comes after it; may be empty. Not before every step.
  std::function<void(const Batch&)> announce = {};
};
/// Runs all steps on this rank, from wherever the trainee begins.
Outcome run(const Plan& plan, Communicator& comm, const Trainee& trainee);

/// What must make no difference to what is computed.
struct Manner {
  std::int64_t threads = 1;  ///< of each rank
  bool overlap = false;      ///< and batches are announced
  bool communication_thread = false;
  WireFormats wire = {};                      ///< this makes one
  ThreadMemory memory = ThreadMemory::apart;  ///< of run_on_threads()
};

/// Runs all steps on this rank; `visit` sees the embeddings and the batch after each step.
using Visitor = std::function<void(const ShardedEmbeddings&, const Batch&)>;
/// What this rank contributes: its shards and its samples' pooled values; zero elsewhere.
Outcome run(const Plan& plan, Communicator& comm, const Visitor& visit = {},
            const Manner& manner = {});

/// Runs on threads, one per rank of the plan, and joins what they contribute.
Outcome run_on_threads(const Plan& plan, const Manner& manner = {});

}  // namespace shardwright::synthetic
