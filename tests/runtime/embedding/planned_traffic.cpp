#include "tests/runtime/embedding/planned_traffic.hpp"

#include "costmodel/shard_load.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_price.hpp"
#include "runtime/embedding/jagged_vectors.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace shardwright::synthetic {
namespace {

constexpr std::int64_t kRows = 8;
constexpr std::int64_t kDim = 8;
constexpr std::int64_t kMeanSamples = 2;  // of a rank
constexpr std::int64_t kPeerBytes = 32;   // counts of a batch to another rank
constexpr std::int64_t kUniqueBytes = 4;  // count of a table's different ids
/// To each other rank, for all tables and types: counts, ids; pooled values and rows, and gradients
/// of both; sums of what all ranks have, there and back.
constexpr std::int64_t kPeerMessages = 2 + 2 + 2 + 2;

/// What a rank sends in one step.
struct StepBytes {
  double input = 0, output = 0, gradient = 0;
};

/// Every bag names every row once.
TableId add_table(Plan& plan, bool weighted, std::size_t features = 1) {
  Table& table = plan.workload.tables.emplace_back();
  table.name = "t" + std::to_string(plan.workload.tables.size());
  table.rows = kRows;
  table.dim = kDim;
  table.pooling = static_cast<double>(kRows) * static_cast<double>(features);
  table.weighted = weighted;
  table.optimizer = OptimizerKind::sgd;
  for (std::size_t f = 0; f < features; ++f) {
    table.features.push_back(table.name + "_" + std::to_string(f));
  }
  return TableId::of(plan.workload.tables.size() - 1);
}

struct Cut {
  std::int64_t rows = 1, columns = 1;  ///< at most so many parts
};

/// Shards on ranks of their own, as many as there are, from `first` on. Of the rows the first part
/// has what the others, of one row each, leave.
void place(Plan& plan, TableId table, ShardingType type, Cut cut, std::int64_t first) {
  const std::int64_t ranks = plan.topology.size();
  const std::int64_t columns = std::min(cut.columns, ranks);
  const std::int64_t rows = std::min(cut.rows, ranks / columns);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t row = i / columns;
    const std::int64_t column = i % columns;
    plan.shards.push_back({table, type, row == 0 ? 0 : kRows - rows + row, kRows - rows + row + 1,
                           column * kDim / columns, (column + 1) * kDim / columns,
                           RankId{(first + i) % ranks}});
  }
}

/// Pooled, and exchanged so.
void add_pooled_tables(Plan& plan) {
  place(plan, add_table(plan, true, 2), ShardingType::table_wise, {}, 1);
  place(plan, add_table(plan, false), ShardingType::column_wise, {1, 2}, 3);
  place(plan, add_table(plan, true), ShardingType::row_wise, {kRows, 1}, 2);
  place(plan, add_table(plan, false), ShardingType::table_row_wise, {3, 1}, 5);
  place(plan, add_table(plan, true), ShardingType::table_column_wise, {1, 2}, 0);
  place(plan, add_table(plan, false), ShardingType::grid, {2, 2}, 4);
  plan.shards.push_back(
      {add_table(plan, false), ShardingType::data_parallel, 0, kRows, 0, kDim, {}});
}

void add_tables_without_pooling(Plan& plan) {
  const std::size_t first = plan.workload.tables.size();
  place(plan, add_table(plan, true, 2), ShardingType::table_wise, {}, 6);
  place(plan, add_table(plan, false), ShardingType::row_wise, {5, 1}, 1);
  place(plan, add_table(plan, false), ShardingType::column_wise, {1, 2}, 2);
  place(plan, add_table(plan, true), ShardingType::grid, {2, 2}, 7);
  for (std::size_t t = first; t < plan.workload.tables.size(); ++t) {
    plan.workload.tables[t].mode = PoolingMode::none;
  }
}

/// Of a rank's mean batch their `reuse` says that each row is named twice.
void add_unique_tables(Plan& plan) {
  const std::size_t first = plan.workload.tables.size();
  place(plan, add_table(plan, true), ShardingType::table_wise, {}, 3);
  place(plan, add_table(plan, false), ShardingType::row_wise, {kRows, 1}, 0);
  place(plan, add_table(plan, false), ShardingType::column_wise, {1, 2}, 5);
  place(plan, add_table(plan, true), ShardingType::grid, {2, 2}, 1);
  for (std::size_t t = first; t < plan.workload.tables.size(); ++t) {
    plan.workload.tables[t].reuse.emplace().at(1) = 1;
    plan.workload.tables[t].reuse_batch_size = kMeanSamples;
    plan.unique_rows.push_back(TableId::of(t));
  }
}

Plan plan_of_everything(std::int64_t ranks) {
  Plan plan;
  plan.topology.ranks.resize(static_cast<std::size_t>(ranks));
  plan.workload.batch_size = kMeanSamples * ranks;
  add_pooled_tables(plan);
  add_tables_without_pooling(plan);
  add_unique_tables(plan);
  return plan;
}

std::int64_t samples_of(std::int64_t rank) { return rank % 2 == 0 ? 3 : 1; }

Batch batch_of_all_rows(const Plan& plan, std::int64_t rank) {
  Batch batch;
  batch.size = samples_of(rank);
  for (std::int64_t r = 0; r < rank; ++r) batch.first_sample += samples_of(r);
  for (const Table& table : plan.workload.tables) {
    for (std::size_t f = 0; f < table.features.size(); ++f) {
      Bags& bags = batch.features.emplace_back();
      bags.lengths.assign(static_cast<std::size_t>(batch.size), std::int32_t{kRows});
      for (std::int64_t i = 0; i < batch.size * kRows; ++i) bags.ids.push_back(i % kRows);
      if (table.weighted) bags.weights.assign(bags.ids.size(), 1.0F);
    }
  }
  return batch;
}

/// By the formulas that plans are priced with (costmodel/shard_load.hpp). A rank names every row of
/// a table that is exchanged as distinct rows, however many samples it has.
void add_planned_bytes(const Plan& plan, const Workload& exchanged, const Shard& shard,
                       std::int64_t rank, StepBytes& bytes) {
  const bool unique = sends_unique_rows(plan, shard.table);
  const Table& table = exchanged.table(shard.table);
  const auto load = [&](std::int64_t of) {
    return load_of(table, shard, static_cast<double>(unique ? kMeanSamples : samples_of(of)), 0);
  };
  if (!shard.rank) {
    const auto ranks = static_cast<double>(plan.topology.size());
    bytes.gradient += 2 * (ranks - 1) / ranks * replicated_gradient_bytes(shard);
  } else if (shard.on(RankId{rank})) {
    for (std::int64_t peer = 0; peer < plan.topology.size(); ++peer) {
      if (peer != rank) bytes.output += output_message_bytes(shard, load(peer));
    }
  } else {
    bytes.input += input_message_bytes(table, load(rank)) + (unique ? kUniqueBytes : 0);
    bytes.gradient += output_message_bytes(shard, load(rank));
  }
}

StepBytes planned_bytes(const Plan& plan, std::int64_t rank) {
  const Workload exchanged = workload_as_exchanged(plan);
  StepBytes bytes;
  bytes.input = static_cast<double>(kPeerBytes * (plan.topology.size() - 1));
  for (const Shard& shard : plan.shards) add_planned_bytes(plan, exchanged, shard, rank, bytes);
  return bytes;
}

EmbeddingPhases step(const Plan& plan, Communicator& comm) {
  ShardedEmbeddings embeddings(plan, comm, {});
  const Batch batch = batch_of_all_rows(plan, comm.rank().value());
  std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
  std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
  embeddings.forward(batch, pooled, vectors);
  embeddings.backward(pooled, 0.1F, vectors);
  return embeddings.phases();
}

}  // namespace

void expect_planned_bytes(Communicator& comm) {
  const Plan plan = plan_of_everything(comm.size());
  const TrafficSent before = comm.traffic();
  const EmbeddingPhases phases = step(plan, comm);
  const TrafficSent after = comm.traffic();
  const StepBytes expected = planned_bytes(plan, comm.rank().value());
  EXPECT_EQ(phases.input_bytes, std::llround(expected.input));
  EXPECT_EQ(phases.output_bytes, std::llround(expected.output));
  EXPECT_EQ(phases.gradient_bytes, std::llround(expected.gradient));
  EXPECT_EQ(after.bytes_sent - before.bytes_sent,
            phases.input_bytes + phases.output_bytes + phases.gradient_bytes);
  EXPECT_EQ(after.messages_sent - before.messages_sent, kPeerMessages * (comm.size() - 1));
}

}  // namespace shardwright::synthetic
