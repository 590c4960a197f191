#pragma once

#include "planner/plan.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/device/device_communicator.hpp"
#include "runtime/device/embedding_traffic.hpp"
#include "runtime/device/phase_timer.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace shardwright {

/// ShardedEmbeddings with the shards, the pooled values and their gradients in the memory of a GPU:
/// the same layout, the same order of all sums, the same members; ids travel through host memory.
/// Not for data_parallel tables, nor for those without pooling. Members put their work into the
/// communicator's stream and return before it is done, unless they say that they wait for it.
class DeviceEmbeddings {
 public:
  /// Does not communicate. Throws InputError if the plan is for another number of ranks or uses
  /// what is not supported, EnvironmentError if there is not enough device memory. Borrows `comm`.
  DeviceEmbeddings(const Plan& plan, DeviceCommunicator& comm, const EmbeddingOptions& options);
  ~DeviceEmbeddings();

  std::int64_t pooled_columns() const;
  void check_ids(Batch& batch, BadIdPolicy policy) const;

  /// Looks up all ids of all ranks and fills `pooled`, [batch.size][pooled_columns()] in device
  /// memory. The times of its phases go to `phases()` when the timer is finished. Waits for other
  /// ranks, and, where there are any, for its own work.
  void forward(const Batch& batch, float* pooled, PhaseTimer& timer);
  /// Takes d loss / d pooled of the same batch, in device memory, and updates the weights. Waits
  /// for other ranks.
  void backward(const float* pooled_gradient, float learning_rate, PhaseTimer& timer);

  const EmbeddingPhases& phases() const;
  /// What the last batch's look-up and update had to move. Takes time: counts rows on the host.
  EmbeddingTraffic traffic() const;
  /// This rank's shards, brought to the host. Waits.
  std::vector<ShardedEmbeddings::LocalShard> download() const;
  /// ShardedEmbeddings::restore(). Waits.
  void restore(std::int64_t updates,
               const std::function<void(ShardedEmbeddings::LocalShard&)>& load);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shardwright
