#include "tests/runtime/embedding/mixed_kinds.hpp"

#include "planner/unique_rows.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <random>
#include <string>

namespace shardwright::synthetic {
namespace {

using Random = std::mt19937_64;

constexpr std::array kOptimizers = {
    OptimizerKind::sgd,  OptimizerKind::adagrad,      OptimizerKind::rowwise_adagrad,
    OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl};
constexpr std::array kFormats = {DataType::fp32, DataType::bf16, DataType::fp16};
constexpr std::array<std::int64_t, 4> kRows = {1, 6, 40, 300};

template <class T, std::size_t N>
T one_of(const std::array<T, N>& values, Random& random) {
  return values[random() % N];
}

/// Pooled, whatever becomes of it.
Table random_table(const std::string& name, Random& random) {
  Table table;
  table.name = name;
  table.rows = one_of(kRows, random);
  table.dim = 4 + 4 * static_cast<std::int64_t>(random() % 6);
  table.features = {name};
  if (random() % 2 == 0) table.features.push_back(name + " again");
  table.weighted = random() % 2 == 0;
  table.mode = random() % 2 == 0 ? PoolingMode::sum : PoolingMode::mean;
  table.optimizer = one_of(kOptimizers, random);
  return table;
}

Shard whole(const Table& table, TableId id, std::optional<RankId> rank) {
  return {.table = id,
          .type = rank ? ShardingType::table_wise : ShardingType::data_parallel,
          .row_end = table.rows,
          .col_end = table.dim,
          .rank = rank};
}

/// How the shards of a table cut it.
struct Cuts {
  bool rows = false;
  bool columns = false;
  bool is_replicated = false;
};

Cuts cuts_of(const Plan& plan, TableId id) {
  const Table& table = plan.workload.table(id);
  Cuts cuts;
  for (const Shard& shard : plan.shards) {
    if (shard.table != id) continue;
    cuts.rows = cuts.rows || shard.rows() < table.rows;
    cuts.columns = cuts.columns || shard.columns() < table.dim;
    cuts.is_replicated = cuts.is_replicated || !shard.rank;
  }
  return cuts;
}

std::vector<float> pooled_of(const Workload& workload, const Outcome& outcome, TableId id) {
  std::size_t columns = 0;
  std::size_t first = 0;
  std::size_t width = 0;
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    if (table.mode == PoolingMode::none) continue;
    if (t == id.index()) first = columns;
    const std::size_t own = static_cast<std::size_t>(table.dim) * table.features.size();
    if (t == id.index()) width = own;
    columns += own;
  }
  std::vector<float> values;
  for (std::size_t begin = first; begin < outcome.pooled.size(); begin += columns) {
    const auto from = outcome.pooled.begin() + static_cast<std::ptrdiff_t>(begin);
    values.insert(values.end(), from, from + static_cast<std::ptrdiff_t>(width));
  }
  return values;
}

/// Appends those of one step and moves `from` behind the step.
void append_vectors_of(const Workload& workload, const Batch& batch, TableId id,
                       std::vector<float>::const_iterator& from, std::vector<float>& values) {
  std::size_t feature = 0;
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    for (std::size_t k = 0; k < table.features.size(); ++k, ++feature) {
      if (table.mode != PoolingMode::none) continue;
      const auto end = from + std::ssize(batch.features[feature].ids) * table.dim;
      if (t == id.index()) values.insert(values.end(), from, end);
      from = end;
    }
  }
}

std::vector<float> vectors_of(const Workload& workload, const Outcome& outcome, TableId id) {
  std::vector<float> values;
  auto from = outcome.vectors.begin();
  for (std::int64_t step = 0; step < kSteps; ++step) {
    append_vectors_of(workload, make_batch(workload, step, 0, global_samples(step)), id, from,
                      values);
  }
  return values;
}

}  // namespace

Plan random_mix(std::int64_t ranks, std::uint64_t seed) {
  Random random(seed);
  Workload workload;
  std::vector<TableId> unique;
  for (std::size_t t = 0; t < 6; ++t) {
    Table& table = workload.tables.emplace_back(random_table("t" + std::to_string(t), random));
    const std::size_t kind = t < 3 ? t : random() % 3;
    if (kind == 1) table.mode = PoolingMode::none;
    if (kind == 2) unique.push_back(TableId::of(t));
  }
  Plan plan = place(workload, Sharding::every, ranks, seed);
  for (const TableId id : unique) {
    if (why_not_unique_rows(plan, id).empty()) plan.unique_rows.push_back(id);
  }
  for (std::size_t t = 0; t < plan.workload.tables.size(); ++t) {
    if (!kept_bits(plan, TableId::of(t)).weights) continue;
    plan.workload.tables[t].dtype = one_of(kFormats, random);
  }
  return plan;
}

Plan owners_of_one_kind() {
  Random random(7);
  Plan plan;
  plan.topology.ranks.resize(4);
  for (const char* name : {"pooled", "vectors", "rows", "everywhere"}) {
    plan.workload.tables.push_back(random_table(name, random));
  }
  plan.workload.tables[1].mode = PoolingMode::none;
  plan.workload.tables[3].mode = PoolingMode::none;
  plan.unique_rows = {TableId{2}};
  for (std::size_t t = 0; t < 4; ++t) {
    const std::optional<RankId> rank = t < 3 ? std::optional(RankId::of(t)) : std::nullopt;
    plan.shards.push_back(whole(plan.workload.tables[t], TableId::of(t), rank));
  }
  return plan;
}

Outcome unsharded(const Plan& plan) {
  Plan alone;
  alone.workload = plan.workload;
  alone.topology.ranks.resize(1);
  for (std::size_t t = 0; t < alone.workload.tables.size(); ++t) {
    alone.shards.push_back(whole(alone.workload.tables[t], TableId::of(t), RankId{0}));
  }
  return run_on_threads(alone);
}

KeptBits kept_bits(const Plan& plan, TableId id) {
  const Table& table = plan.workload.table(id);
  const Cuts cuts = cuts_of(plan, id);
  if (cuts.is_replicated || (cuts.columns && has_row_statistic(table.optimizer))) return {};
  if (table.mode == PoolingMode::none) return {true, true};
  const bool is_alone = plan.topology.size() == 1;
  if (sends_unique_rows(plan, id)) return {is_alone, is_alone};
  return {!cuts.rows || table.mode == PoolingMode::sum, !cuts.rows};
}

std::vector<float> outputs_of(const Workload& workload, const Outcome& outcome, TableId id) {
  const bool is_pooled = workload.table(id).mode != PoolingMode::none;
  return is_pooled ? pooled_of(workload, outcome, id) : vectors_of(workload, outcome, id);
}

}  // namespace shardwright::synthetic
