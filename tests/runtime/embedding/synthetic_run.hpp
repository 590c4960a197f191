#pragma once

#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "tests/runtime/embedding/synthetic_batch.hpp"
#include "tests/runtime/embedding/synthetic_plan.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

// A small training run of embedding tables alone.
namespace shardwright::synthetic {

inline constexpr std::uint64_t kSeed = 11;  ///< of the initial weights
inline constexpr float kLearningRate = 0.05F;

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
