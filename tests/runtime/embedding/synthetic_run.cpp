#include "tests/runtime/embedding/synthetic_run.hpp"

#include "runtime/embedding/number_format.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace shardwright::synthetic {
namespace {

float weight_of(const ShardedEmbeddings::LocalShard& local, std::size_t position) {
  switch (local.dtype) {
    case DataType::fp32:
      return local.weights[position];
    case DataType::bf16:
      return to_float(Bf16{local.weights16[position]});
    case DataType::fp16:
      return to_float(Fp16{local.weights16[position]});
  }
  return 0;
}

/// The optimizer's values for one weight.
std::pair<float, float> state_of(const ShardedEmbeddings::LocalShard& local,
                                 OptimizerKind optimizer, std::size_t row, std::size_t column) {
  const auto columns = static_cast<std::size_t>(local.shard.columns());
  const std::size_t width = local.state.size() / static_cast<std::size_t>(local.shard.rows());
  const float* const of_row = local.state.data() + row * width;
  switch (optimizer) {
    case OptimizerKind::rowwise_adagrad:
      return {of_row[0], 0.0F};
    case OptimizerKind::rowwise_adam:
      return {of_row[column], of_row[columns]};
    case OptimizerKind::adam:
    case OptimizerKind::ftrl:
      return {of_row[column], of_row[columns + column]};
    default:
      return {of_row[column], 0.0F};
  }
}

void copy_shard(const ShardedEmbeddings::LocalShard& local, const Table& table, Outcome& outcome) {
  const std::size_t t = local.shard.table.index();
  const auto width = static_cast<std::size_t>(local.shard.columns());
  const auto rows = static_cast<std::size_t>(local.shard.rows());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < width; ++c) {
      const std::size_t row = static_cast<std::size_t>(local.shard.row_begin) + r;
      const std::size_t to = row * static_cast<std::size_t>(table.dim) +
                             static_cast<std::size_t>(local.shard.col_begin) + c;
      outcome.weights[t][to] = weight_of(local, r * width + c);
      if (table.optimizer == OptimizerKind::sgd) continue;
      const auto [first, second] = state_of(local, table.optimizer, r, c);
      outcome.state[t][to] = first;
      outcome.state[t][outcome.weights[t].size() + to] = second;
    }
  }
}

Outcome empty_outcome(const Workload& workload) {
  Outcome outcome;
  for (const Table& table : workload.tables) {
    const auto size = static_cast<std::size_t>(table.rows * table.dim);
    outcome.weights.emplace_back(size);
    outcome.state.emplace_back(table.optimizer == OptimizerKind::sgd ? 0 : 2 * size);
  }
  return outcome;
}

/// Not after the end, and at times not, as before an evaluation.
bool is_announced(std::int64_t step) { return step < kSteps && step % 7 != 3; }

/// Every value is zero on all ranks but one, or the same on all (data_parallel).
void join(const std::vector<float>& part, std::vector<float>& whole) {
  whole.resize(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != 0.0F) whole[i] = part[i];
  }
}

}  // namespace

Outcome run(const Plan& plan, Communicator& comm, const Trainee& trainee) {
  const std::int64_t columns = trainee.pooled_columns;
  Outcome outcome = empty_outcome(plan.workload);
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Batch batch = make_share(plan.workload, step, comm);
    const Batch next = make_share(plan.workload, step + 1, comm);
    if (trainee.announce && is_announced(step + 1)) trainee.announce(next);
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * columns));
    trainee.train(batch, pooled, make_gradient(step, batch, columns));
    const std::size_t begin = outcome.pooled.size();
    outcome.pooled.resize(begin + static_cast<std::size_t>(global_samples(step) * columns));
    std::copy(
        pooled.begin(), pooled.end(),
        outcome.pooled.begin() + static_cast<std::ptrdiff_t>(begin) + batch.first_sample * columns);
  }
  for (const auto& local : trainee.shards()) {
    copy_shard(local, plan.workload.table(local.shard.table), outcome);
  }
  return outcome;
}

Outcome run(const Plan& plan, Communicator& comm, const Visitor& visit, const Manner& manner) {
  ShardedEmbeddings embeddings(plan, comm,
                               {.seed = kSeed,
                                .optimizer = {},
                                .wire = manner.wire,
                                .threads = manner.threads,
                                .overlap = manner.overlap,
                                .communication_thread = manner.communication_thread});
  Trainee trainee{.pooled_columns = embeddings.pooled_columns(), .train = {}, .shards = [&] {
                    return embeddings.local_shards();
                  }};
  std::int64_t step = 0;
  std::vector<float> all_vectors;
  trainee.train = [&](const Batch& batch, std::span<float> pooled,
                      std::span<const float> gradient) {
    std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
    embeddings.forward(batch, pooled, vectors);
    embeddings.backward(gradient, kLearningRate, make_vector_gradient(plan.workload, step, batch));
    append_vectors(plan.workload, step++, batch, vectors, all_vectors);
    if (visit) visit(embeddings, batch);
  };
  if (manner.overlap) trainee.announce = [&](const Batch& next) { embeddings.announce(next); };
  Outcome outcome = run(plan, comm, trainee);
  outcome.vectors = std::move(all_vectors);
  return outcome;
}

Outcome run_on_threads(const Plan& plan, const Manner& manner) {
  Outcome whole = empty_outcome(plan.workload);
  std::mutex mutex;
  const auto run_rank = [&](Communicator& comm) {
    const Outcome part = run(plan, comm, {}, manner);
    const std::lock_guard lock(mutex);
    join(part.pooled, whole.pooled);
    join(part.vectors, whole.vectors);
    for (std::size_t t = 0; t < part.weights.size(); ++t) {
      join(part.weights[t], whole.weights[t]);
      join(part.state[t], whole.state[t]);
    }
  };
  run_ranks(plan.topology.size(), run_rank, manner.memory);
  return whole;
}

}  // namespace shardwright::synthetic
