#pragma once

#include "runtime/embedding/owned_tables.hpp"
#include "runtime/embedding/pooled_rows.hpp"
#include "runtime/embedding/replicated_tables.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/embedding/workers.hpp"
#include "runtime/exchange/input_ahead.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/node_sums.hpp"
#include "runtime/exchange/own_vectors.hpp"
#include "runtime/exchange/pooled_exchange.hpp"
#include "runtime/exchange/row_exchange.hpp"
#include "runtime/exchange/split_means.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// What ShardedEmbeddings is made of: sharded_embeddings.cpp makes it, embedding_forward.cpp and
/// embedding_backward.cpp train it.
struct ShardedEmbeddings::State {
  State(const Plan& plan, Communicator& communicator, const EmbeddingOptions& chosen);

  std::vector<LocalShard> make_shards(const Plan& plan);
  LocalShard make_shard(const Shard& shard);
  void check_batch(const Batch& batch, std::span<const float> pooled) const;
  void check_vectors(std::span<const float> vectors) const;
  void require_forward(const OutputGradients& gradients);
  void take_input(const Batch& batch);
  void share_matrix();
  void look_up_and_send(const OutputValues& values);
  void look_up_while_sending(const OutputValues& values);
  void look_up_and_send_rows();
  void look_up_and_send_parts();
  void pool_rows(std::span<float> pooled);
  void sum_and_send_row_gradients(std::span<const float> pooled_gradient);
  void send_gradients();
  void sum_replicas(const OutputGradients& gradients);
  void finish_replicas();
  void finish_exchange_of_gradients();
  void advance();
  double& ms(StepPhase phase);

  /// Runs `work`, which is a part of the phase, and adds the time it took.
  template <class Work>
  void during(StepPhase phase, Work work) {
    if (left_out == phase) return;
    const double start = comm.clock_ms();
    work();
    ms(phase) += comm.clock_ms() - start;
  }
  /// The same, and adds the bytes that it sent.
  template <class Work>
  void during(StepPhase phase, std::int64_t& bytes, Work work) {
    const std::int64_t before = comm.traffic().bytes_sent;
    during(phase, work);
    bytes += comm.traffic().bytes_sent - before;
  }

  std::span<const InputSource> sources() const { return input.current().sources(); }
  const UniqueIds& unique_ids() const { return input.current().unique_ids(); }
  std::span<LocalShard> owned_shards() {
    return std::span(shards).first(layout.owners[comm.rank().index()].shards.size());
  }
  std::span<LocalShard> replicated_shards() {
    return std::span(shards).subspan(owned_shards().size());
  }

  Communicator& comm;
  EmbeddingOptions options;
  Workload workload;
  ExchangeLayout layout;
  std::vector<std::string> feature_names;
  std::vector<UnpooledFeature> unpooled_features;
  Workers workers;
  std::vector<LocalShard> shards;  ///< owned ones as in the layout, then replicated ones
  InputAhead input;
  SplitMeans split_means;
  OwnVectors own_vectors;
  OwnedTables owned;
  PooledRows pooled_rows;
  ReplicatedTables replicated;
  PooledExchange pooled_exchange;  ///< ends before those whose memory it uses
  RowExchange row_exchange;
  NodeSums node_sums;
  EmbeddingPhases phases;
  std::int64_t updates = 0;
  std::optional<OutputValues> awaited;  ///< from start_forward() to finish_forward()
  bool has_forward = false;
  bool knows_ranks_beside = false;
  /// From start_gradients() to finish_gradients(): those it was given, and as they are sent.
  std::optional<OutputGradients> of_outputs;
  OutputGradients sent_gradients;
  std::optional<StepPhase> left_out = {};
};

}  // namespace shardwright
