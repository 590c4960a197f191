#include "runtime/embedding/sharded_embeddings.hpp"

#include "runtime/embedding/embeddings_state.hpp"
#include "runtime/embedding/id_check.hpp"
#include "runtime/embedding/initial_weights.hpp"
#include "runtime/embedding/rounding_key.hpp"
#include "runtime/embedding/shard_floats.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/supported_plan.hpp"

#include <utility>

namespace shardwright {
namespace {

Plan accepted(const Plan& plan, std::int64_t ranks) {
  require_supported(plan, ranks);
  return plan;
}

}  // namespace

ShardedEmbeddings::State::State(const Plan& plan, Communicator& communicator,
                                const EmbeddingOptions& chosen)
    : comm(communicator),
      options(chosen),
      workload(accepted(plan, communicator.size()).workload),
      layout(make_layout(plan, PartialSums::in_nodes)),
      workers(options.threads,
              options.communication_thread ? Workers::Caller::stands_by : Workers::Caller::works),
      shards(make_shards(plan)),
      split_means(layout, workload),
      own_vectors(layout, workload),
      owned(layout, workload, options.optimizer, comm.rank(), owned_shards(), workers),
      pooled_rows(layout, workload, workers),
      replicated(layout, workload, options.optimizer, replicated_shards(), workers),
      pooled_exchange(own_vectors, options.wire, options.overlap),
      row_exchange(layout, comm.rank(), options.wire),
      node_sums(layout, comm.rank(), options.wire) {
  if (options.overlap) workers.set_between_tasks([this] { advance(); });
  for (const PooledFeature& feature : layout.features) {
    if (feature.unpooled) {
      unpooled_features.push_back({feature_names.size(), workload.table(feature.table).dim});
    }
    feature_names.push_back(feature.name);
  }
}

std::vector<ShardedEmbeddings::LocalShard> ShardedEmbeddings::State::make_shards(const Plan& plan) {
  std::vector<LocalShard> made;
  for (const Shard& shard : layout.owners[comm.rank().index()].shards) {
    made.push_back(make_shard(shard));
  }
  for (const Shard& shard : plan.shards) {
    if (!shard.rank) made.push_back(make_shard(shard));
  }
  return made;
}

ShardedEmbeddings::LocalShard ShardedEmbeddings::State::make_shard(const Shard& shard) {
  const Table& table = workload.table(shard.table);
  LocalShard local;
  local.shard = shard;
  local.dtype = table.dtype;
  local.rounding_key = rounding_table_key(options.seed, table.name);
  if (table.dtype == DataType::fp32) {
    local.weights = initial_weights(options.seed, table, shard, workers);
  } else {
    local.weights16 = initial_weights16(options.seed, table, shard, workers);
  }
  local.state = initial_state(table, shard, options.optimizer, workers);
  return local;
}

ShardedEmbeddings::ShardedEmbeddings(const Plan& plan, Communicator& comm,
                                     const EmbeddingOptions& options)
    : state_(std::make_unique<State>(plan, comm, options)) {}

ShardedEmbeddings::~ShardedEmbeddings() = default;

const std::vector<std::string>& ShardedEmbeddings::feature_names() const {
  return state_->feature_names;
}

std::int64_t ShardedEmbeddings::pooled_columns() const { return state_->layout.pooled_columns; }

const std::vector<UnpooledFeature>& ShardedEmbeddings::unpooled_features() const {
  return state_->unpooled_features;
}

const EmbeddingPhases& ShardedEmbeddings::phases() const { return state_->phases; }

const std::vector<ShardedEmbeddings::LocalShard>& ShardedEmbeddings::local_shards() const {
  return state_->shards;
}

void ShardedEmbeddings::restore(std::int64_t updates,
                                const std::function<void(LocalShard&)>& load) {
  for (LocalShard& shard : state_->shards) {
    if (shard.dtype == DataType::fp32) {
      load(shard);
      continue;
    }
    LocalShard in_floats{shard.shard, weights_in_floats(shard), std::move(shard.state)};
    load(in_floats);
    set_weights(shard, in_floats.weights);
    shard.state = std::move(in_floats.state);
  }
  state_->updates = updates;
}

void ShardedEmbeddings::check_ids(Batch& batch, BadIdPolicy policy) const {
  check_batch_ids(state_->layout, state_->workload, state_->comm.rank(), policy, batch);
}

}  // namespace shardwright
