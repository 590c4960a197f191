#include "runtime/embedding/sharded_embeddings.hpp"

#include "costmodel/errors.hpp"
#include "runtime/embedding/id_check.hpp"
#include "runtime/embedding/initial_weights.hpp"
#include "runtime/embedding/owned_tables.hpp"
#include "runtime/embedding/replicated_tables.hpp"
#include "runtime/embedding/rounding_key.hpp"
#include "runtime/embedding/shard_floats.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/supported_plan.hpp"
#include "runtime/embedding/workers.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/pooled_exchange.hpp"
#include "runtime/exchange/split_means.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace shardwright {
namespace {

/// Runs `work` and adds the time it took.
template <class Work>
void timed(const Communicator& comm, double& milliseconds, Work work) {
  const double start = comm.clock_ms();
  work();
  milliseconds += comm.clock_ms() - start;
}

Plan accepted(const Plan& plan, std::int64_t ranks) {
  require_supported(plan, ranks);
  return plan;
}

}  // namespace

struct ShardedEmbeddings::State {
  State(const Plan& plan, Communicator& communicator, const EmbeddingOptions& chosen);

  std::vector<LocalShard> make_shards(const Plan& plan) const;
  LocalShard make_shard(const Shard& shard) const;
  void check_batch(const Batch& batch, std::span<const float> pooled) const;
  void require_forward(std::span<const float> pooled_gradient);
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
  std::vector<LocalShard> shards;  ///< owned ones as in the layout, then replicated ones
  InputExchange input;
  PooledExchange pooled_exchange;
  SplitMeans split_means;
  Workers workers;
  OwnedTables owned;
  ReplicatedTables replicated;
  EmbeddingPhases phases;
  std::int64_t updates = 0;
  bool has_forward = false;
};

ShardedEmbeddings::State::State(const Plan& plan, Communicator& communicator,
                                const EmbeddingOptions& chosen)
    : comm(communicator),
      options(chosen),
      workload(accepted(plan, communicator.size()).workload),
      layout(make_layout(plan)),
      shards(make_shards(plan)),
      pooled_exchange(options.wire),
      split_means(layout, workload),
      workers(options.threads),
      owned(layout, workload, options.optimizer, comm.rank(), owned_shards(), workers),
      replicated(layout, workload, options.optimizer, replicated_shards()) {
  for (const PooledFeature& feature : layout.features) feature_names.push_back(feature.name);
}

std::vector<ShardedEmbeddings::LocalShard> ShardedEmbeddings::State::make_shards(
    const Plan& plan) const {
  std::vector<LocalShard> made;
  for (const Shard& shard : layout.owners[comm.rank().index()].shards) {
    made.push_back(make_shard(shard));
  }
  for (const Shard& shard : plan.shards) {
    if (!shard.rank) made.push_back(make_shard(shard));
  }
  return made;
}

ShardedEmbeddings::LocalShard ShardedEmbeddings::State::make_shard(const Shard& shard) const {
  const Table& table = workload.table(shard.table);
  LocalShard local;
  local.shard = shard;
  local.dtype = table.dtype;
  local.rounding_key = rounding_table_key(options.seed, table.name);
  if (table.dtype == DataType::fp32) {
    local.weights = initial_weights(options.seed, table, shard);
  } else {
    local.weights16 = initial_weights16(options.seed, table, shard);
  }
  local.state = initial_state(table, shard, options.optimizer);
  return local;
}

void ShardedEmbeddings::State::check_batch(const Batch& batch,
                                           std::span<const float> pooled) const {
  const auto expected = static_cast<std::size_t>(batch.size * layout.pooled_columns);
  if (batch.features.size() != layout.features.size() || pooled.size() != expected) {
    throw std::logic_error(
        fmt::format("A batch of {} features and {} pooled values where the plan "
                    "has {} and {}.",
                    batch.features.size(), pooled.size(), layout.features.size(), expected));
  }
}

void ShardedEmbeddings::State::require_forward(std::span<const float> pooled_gradient) {
  if (!std::exchange(has_forward, false)) {
    throw std::logic_error("backward() needs a forward() before it.");
  }
  const InputSource& own = input.sources()[comm.rank().index()];
  if (pooled_gradient.size() != static_cast<std::size_t>(own.samples * layout.pooled_columns)) {
    throw std::logic_error("backward() needs the gradients of the batch that forward() had.");
  }
}

ShardedEmbeddings::ShardedEmbeddings(const Plan& plan, Communicator& comm,
                                     const EmbeddingOptions& options)
    : state_(std::make_unique<State>(plan, comm, options)) {}

ShardedEmbeddings::~ShardedEmbeddings() = default;

const std::vector<std::string>& ShardedEmbeddings::feature_names() const {
  return state_->feature_names;
}

std::int64_t ShardedEmbeddings::pooled_columns() const { return state_->layout.pooled_columns; }

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

void ShardedEmbeddings::forward(const Batch& batch, std::span<float> pooled) {
  State& s = *state_;
  s.check_batch(batch, pooled);
  s.phases = {};
  const std::int64_t start = s.comm.traffic().bytes_sent;
  timed(s.comm, s.phases.input_exchange_ms, [&] {
    s.split_means.remember(batch);
    s.input.run(s.comm, s.layout, batch);
  });
  const std::int64_t input_sent = s.comm.traffic().bytes_sent;
  timed(s.comm, s.phases.lookup_ms, [&] {
    s.owned.look_up(s.input);
    s.replicated.look_up(batch, pooled);
  });
  timed(s.comm, s.phases.output_exchange_ms, [&] {
    s.pooled_exchange.bring_pooled(s.comm, s.layout, s.input.sources(), s.owned.matrix(), pooled);
    s.split_means.divide(pooled);
  });
  s.phases.input_bytes = input_sent - start;
  s.phases.output_bytes = s.comm.traffic().bytes_sent - input_sent;
  s.has_forward = true;
}

void ShardedEmbeddings::bring_gradients(std::span<const float> pooled_gradient) {
  State& s = *state_;
  s.require_forward(pooled_gradient);
  const std::int64_t start = s.comm.traffic().bytes_sent;
  timed(s.comm, s.phases.gradient_exchange_ms, [&] {
    s.pooled_exchange.bring_gradients(s.comm, s.layout, s.input.sources(),
                                      s.split_means.gradients_of_sums(pooled_gradient),
                                      s.owned.matrix());
  });
  timed(s.comm, s.phases.update_ms, [&] {
    s.owned.group_rows(s.input);
    s.replicated.sum_gradients(pooled_gradient);
  });
  if (!s.replicated.empty()) {
    timed(s.comm, s.phases.gradient_exchange_ms, [&] { s.replicated.reduce(s.comm); });
  }
  s.phases.gradient_bytes = s.comm.traffic().bytes_sent - start;
}

double ShardedEmbeddings::gradient_square_sum() {
  State& s = *state_;
  double sum = 0;
  timed(s.comm, s.phases.update_ms, [&] {
    sum = s.owned.sum_all_squares();
    if (s.comm.rank() == RankId{0}) sum += s.replicated.sum_all_squares();
  });
  return sum;
}

void ShardedEmbeddings::update(float learning_rate, float gradient_scale) {
  State& s = *state_;
  const StepSize step{learning_rate, gradient_scale, ++s.updates};
  const std::int64_t start = s.comm.traffic().bytes_sent;
  if (s.owned.shares_squares()) {
    timed(s.comm, s.phases.update_ms, [&] { s.owned.sum_row_squares(step); });
    timed(s.comm, s.phases.gradient_exchange_ms, [&] { s.owned.exchange_squares(s.comm); });
  }
  timed(s.comm, s.phases.update_ms, [&] {
    s.owned.update(step);
    s.replicated.update(step);
  });
  s.phases.gradient_bytes += s.comm.traffic().bytes_sent - start;
}

void ShardedEmbeddings::backward(std::span<const float> pooled_gradient, float learning_rate) {
  bring_gradients(pooled_gradient);
  update(learning_rate, 1.0F);
}

}  // namespace shardwright
