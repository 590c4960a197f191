#include "tests/runtime/embedding/own_part.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace shardwright::synthetic {
namespace {

/// Copies the rank's share of each step's samples; zero elsewhere, as run() leaves it.
std::vector<float> own_pooled(const Plan& plan, const Communicator& comm,
                              const std::vector<float>& whole) {
  std::ptrdiff_t columns = 0;
  for (const Table& table : plan.workload.tables) {
    if (table.mode != PoolingMode::none) columns += table.dim * std::ssize(table.features);
  }
  std::vector<float> own(whole.size());
  std::ptrdiff_t step_begin = 0;
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Batch share = make_share(plan.workload, step, comm);
    const std::ptrdiff_t begin = step_begin + share.first_sample * columns;
    std::copy_n(whole.begin() + begin, share.size * columns, own.begin() + begin);
    step_begin += global_samples(step) * columns;
  }
  return own;
}

std::vector<float> own_vectors(const Plan& plan, const Communicator& comm,
                               const std::vector<float>& whole) {
  std::vector<float> is_own;
  for (std::int64_t step = 0; step < kSteps; ++step) {
    const Batch share = make_share(plan.workload, step, comm);
    const std::vector<float> ones(make_vector_gradient(plan.workload, step, share).size(), 1.0F);
    append_vectors(plan.workload, step, share, ones, is_own);
  }
  std::vector<float> own(whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) own[i] = is_own[i] * whole[i];
  return own;
}

/// Of values of all of the table's rows, one such block after the other; sgd's state has none.
void copy_columns(const Shard& shard, const Table& table, const std::vector<float>& whole,
                  std::vector<float>& own) {
  for (std::int64_t first = 0; first < std::ssize(whole); first += table.rows * table.dim) {
    for (std::int64_t row = shard.row_begin; row < shard.row_end; ++row) {
      const std::int64_t begin = first + row * table.dim + shard.col_begin;
      std::copy_n(whole.begin() + begin, shard.columns(), own.begin() + begin);
    }
  }
}

}  // namespace

Outcome own_part(const Plan& plan, const Communicator& comm, const Outcome& whole) {
  Outcome own;
  own.pooled = own_pooled(plan, comm, whole.pooled);
  own.vectors = own_vectors(plan, comm, whole.vectors);
  for (std::size_t t = 0; t < whole.weights.size(); ++t) {
    own.weights.emplace_back(whole.weights[t].size());
    own.state.emplace_back(whole.state[t].size());
  }
  for (const Shard& shard : plan.shards) {
    if (!shard.on(comm.rank())) continue;
    const std::size_t t = shard.table.index();
    copy_columns(shard, plan.workload.tables[t], whole.weights[t], own.weights[t]);
    copy_columns(shard, plan.workload.tables[t], whole.state[t], own.state[t]);
  }
  return own;
}

}  // namespace shardwright::synthetic
