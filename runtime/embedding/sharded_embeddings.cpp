#include "runtime/embedding/sharded_embeddings.hpp"

#include "costmodel/errors.hpp"
#include "runtime/embedding/id_check.hpp"
#include "runtime/embedding/initial_weights.hpp"
#include "runtime/embedding/lookup.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/shard_update.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/supported_plan.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/pooled_exchange.hpp"
#include "runtime/exchange/row_square_sums.hpp"

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

  void check_batch(const Batch& batch, std::span<const float> pooled) const;
  void require_forward(std::span<const float> pooled_gradient);
  void look_up();
  void group_rows();
  void sum_own_squares();
  void update(float learning_rate);

  const OwnerLayout& self() const { return layout.owners[comm.rank().index()]; }
  const Table& table(std::size_t owned_table) const {
    return workload.table(self().tables[owned_table].table);
  }
  GradientView gradients_of(std::size_t shard) const;
  std::span<float> working_row(std::size_t shard);
  /// The owned matrix holds the pooled values until backward() fills it with their gradients.
  std::span<float> resized_matrix() {
    matrix.resize(static_cast<std::size_t>(input.samples() * self().columns));
    return matrix;
  }

  Communicator& comm;
  EmbeddingOptions options;
  Workload workload;
  ExchangeLayout layout;
  std::vector<std::string> feature_names;
  std::vector<LocalShard> shards;  ///< as self().shards
  InputExchange input;
  PooledExchange pooled_exchange;
  RowSquareSums square_sums;
  std::vector<RowGroups> groups;  ///< one per owned table
  std::vector<float> matrix;      ///< [samples of all ranks][self().columns]
  std::vector<float> row;         ///< working memory: the gradient of one row of one shard
  EmbeddingPhases phases;
  bool has_forward = false;
};

ShardedEmbeddings::State::State(const Plan& plan, Communicator& communicator,
                                const EmbeddingOptions& chosen)
    : comm(communicator),
      options(chosen),
      workload(accepted(plan, communicator.size()).workload),
      layout(make_layout(plan)),
      square_sums(layout, workload, comm.rank()),
      groups(self().tables.size()) {
  for (const PooledFeature& feature : layout.features) feature_names.push_back(feature.name);
  for (const OwnedShard& owned : self().shards) {
    const Table& its_table = workload.table(owned.shard.table);
    shards.push_back({owned.shard, initial_weights(options.seed, its_table, owned.shard),
                      initial_state(its_table, owned.shard, options.adagrad_initial_accumulator)});
  }
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

void ShardedEmbeddings::State::look_up() {
  const std::span<float> out = resized_matrix();
  const std::int64_t stride = self().columns;
  for (const OwnedTable& owned : self().tables) {
    const PoolingMode mode = workload.table(owned.table).mode;
    for (std::size_t s = owned.first_shard; s < owned.first_shard + owned.num_shards; ++s) {
      const std::int64_t width = shards[s].shard.columns();
      for (const InputSource& source : input.sources()) {
        float* first = out.data() + source.row_begin * stride + self().shards[s].column;
        for (std::size_t k = 0; k < owned.num_features; ++k, first += width) {
          pool_bags(source.features[owned.first_feature + k], mode, shards[s].weights, width, first,
                    stride);
        }
      }
    }
  }
}

void ShardedEmbeddings::State::group_rows() {
  for (std::size_t t = 0; t < groups.size(); ++t) {
    const OwnedTable& owned = self().tables[t];
    groups[t].build(input.sources(), owned.first_feature, owned.num_features, table(t).mode,
                    table(t).rows);
  }
}

GradientView ShardedEmbeddings::State::gradients_of(std::size_t shard) const {
  return {matrix.data(), self().columns, self().shards[shard].column};
}

std::span<float> ShardedEmbeddings::State::working_row(std::size_t shard) {
  row.resize(static_cast<std::size_t>(shards[shard].shard.columns()));
  return row;
}

void ShardedEmbeddings::State::sum_own_squares() {
  for (std::size_t t = 0; t < groups.size(); ++t) {
    if (!square_sums.needed(t)) continue;
    square_sums.start(t, groups[t].size());
    const OwnedTable& owned = self().tables[t];
    for (std::size_t i = 0; i < owned.num_shards; ++i) {
      const std::size_t shard = owned.first_shard + i;
      sum_row_squares(groups[t], gradients_of(shard), working_row(shard),
                      square_sums.own_part(t, i));
    }
  }
}

void ShardedEmbeddings::State::update(float learning_rate) {
  for (std::size_t t = 0; t < groups.size(); ++t) {
    const OwnedTable& owned = self().tables[t];
    for (std::size_t s = owned.first_shard; s < owned.first_shard + owned.num_shards; ++s) {
      update_shard(shards[s], table(t), groups[t], gradients_of(s), square_sums.totals(t),
                   {learning_rate, options.adagrad_eps}, working_row(s));
    }
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

void ShardedEmbeddings::check_ids(Batch& batch, BadIdPolicy policy) const {
  const std::vector<PooledFeature>& features = state_->layout.features;
  if (batch.features.size() != features.size()) {
    throw InputError(
        fmt::format("The data has {} features, but the plan's tables have {}: plan "
                    "with the tables.json that was made with the data.",
                    batch.features.size(), features.size()));
  }
  for (std::size_t f = 0; f < features.size(); ++f) {
    const IdContext context{features[f], state_->workload.table(features[f].table),
                            state_->comm.rank()};
    require_consistent_bags(context, batch, batch.features[f]);
    make_ids_legal(context, batch, policy, batch.features[f]);
  }
}

void ShardedEmbeddings::forward(const Batch& batch, std::span<float> pooled) {
  State& s = *state_;
  s.check_batch(batch, pooled);
  s.phases = {};
  const std::int64_t start = s.comm.traffic().bytes_sent;
  timed(s.comm, s.phases.input_exchange_ms, [&] { s.input.run(s.comm, s.layout, batch); });
  const std::int64_t input_sent = s.comm.traffic().bytes_sent;
  timed(s.comm, s.phases.lookup_ms, [&] { s.look_up(); });
  timed(s.comm, s.phases.output_exchange_ms, [&] {
    s.pooled_exchange.bring_pooled(s.comm, s.layout, s.input.sources(), s.matrix, pooled);
  });
  s.phases.input_bytes = input_sent - start;
  s.phases.output_bytes = s.comm.traffic().bytes_sent - input_sent;
  s.has_forward = true;
}

void ShardedEmbeddings::backward(std::span<const float> pooled_gradient, float learning_rate) {
  State& s = *state_;
  s.require_forward(pooled_gradient);
  const std::int64_t start = s.comm.traffic().bytes_sent;
  timed(s.comm, s.phases.gradient_exchange_ms, [&] {
    s.pooled_exchange.bring_gradients(s.comm, s.layout, s.input.sources(), pooled_gradient,
                                      s.matrix);
  });
  timed(s.comm, s.phases.update_ms, [&] {
    s.group_rows();
    s.sum_own_squares();
  });
  if (s.square_sums.needed()) {
    timed(s.comm, s.phases.gradient_exchange_ms, [&] { s.square_sums.exchange(s.comm); });
  }
  timed(s.comm, s.phases.update_ms, [&] { s.update(learning_rate); });
  s.phases.gradient_bytes = s.comm.traffic().bytes_sent - start;
}

}  // namespace shardwright
