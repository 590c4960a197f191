// However many threads of a rank share its work, and however they cut it up, the bits are the same.

#include "runtime/comm/thread_communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

constexpr std::array kOptimizers = {
    OptimizerKind::sgd,  OptimizerKind::adagrad,      OptimizerKind::rowwise_adagrad,
    OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl};

Table& add_table(Plan& plan, std::int64_t rows, std::vector<std::string> features) {
  Table& table = plan.workload.tables.emplace_back();
  table.name = features.front();
  table.rows = rows;
  table.dim = 40;
  table.features = std::move(features);
  table.mode = PoolingMode::mean;
  return table;
}

/// Rows and columns of the table that was added last, on the only rank.
void add_shard(Plan& plan, ShardingType type, std::array<std::int64_t, 2> rows,
               std::array<std::int64_t, 2> columns) {
  plan.shards.push_back({TableId::of(plan.workload.tables.size() - 1), type, rows[0], rows[1],
                         columns[0], columns[1], RankId{0}});
}

/// Two tables, one cut by columns, whose batches have enough ids to be shared out, most of them in
/// few rows.
Plan skewed_plan(OptimizerKind optimizer, DataType dtype) {
  Plan plan;
  plan.topology.ranks.resize(1);
  add_table(plan, 3, {"few"});
  add_shard(plan, ShardingType::table_wise, {0, 3}, {0, 40});
  add_table(plan, 5000, {"many"});
  add_shard(plan, ShardingType::column_wise, {0, 5000}, {0, 12});
  add_shard(plan, ShardingType::column_wise, {0, 5000}, {12, 40});
  for (Table& table : plan.workload.tables) {
    table.optimizer = optimizer;
    table.dtype = dtype;
  }
  return plan;
}

/// A table cut by rows, one without pooling, one that sends unique rows, of two features, and two
/// that every rank has, one of them without pooling.
Plan plan_of_every_kind(OptimizerKind optimizer) {
  Plan plan;
  plan.topology.ranks.resize(1);
  add_table(plan, 5000, {"in parts"});
  add_shard(plan, ShardingType::row_wise, {0, 18}, {0, 40});
  add_shard(plan, ShardingType::row_wise, {18, 5000}, {0, 40});
  add_table(plan, 5000, {"vectors"}).mode = PoolingMode::none;
  add_shard(plan, ShardingType::table_wise, {0, 5000}, {0, 40});
  add_table(plan, 5000, {"rows", "rows again"});
  add_shard(plan, ShardingType::table_wise, {0, 5000}, {0, 40});
  plan.unique_rows = {TableId{2}};
  add_table(plan, 5000, {"everywhere"});
  add_shard(plan, ShardingType::data_parallel, {0, 5000}, {0, 40});
  plan.shards.back().rank.reset();
  add_table(plan, 300, {"vectors everywhere"}).mode = PoolingMode::none;
  add_shard(plan, ShardingType::data_parallel, {0, 300}, {0, 40});
  plan.shards.back().rank.reset();
  for (Table& table : plan.workload.tables) {
    table.optimizer = optimizer;
    table.weighted = true;
  }
  return plan;
}

/// Most ids of a table are one row's, or of few rows one of two.
std::int64_t skewed_id(std::int64_t rows, std::int64_t sample, std::int64_t spread) {
  if (rows == 3) return sample % 7 == 0 ? 1 : 2;
  return sample % 2 == 0 ? 17 : spread % rows;
}

Batch skewed_batch(const Workload& workload, std::int64_t step) {
  Batch batch;
  batch.size = batch.global_size = 6000;
  for (const Table& table : workload.tables) {
    for (std::size_t f = 0; f < table.features.size(); ++f) {
      Bags& bags = batch.features.emplace_back();
      for (std::int64_t n = 0; n < batch.size; ++n) {
        bags.lengths.push_back(static_cast<std::int32_t>((n + step) % 4));
        for (std::int64_t i = 0; i < bags.lengths.back(); ++i) {
          bags.ids.push_back(skewed_id(table.rows, n, n * 37 + i * 11 + step));
          if (table.weighted) bags.weights.push_back(0.3F * static_cast<float>(n % 5 - 1));
        }
      }
    }
  }
  return batch;
}

struct Result {
  std::vector<float> pooled;
  std::vector<float> vectors;
  std::vector<LineVector<float>> weights;
  std::vector<LineVector<std::uint16_t>> weights16;
  std::vector<LineVector<float>> state;
  double square_sum = 0;  ///< of all gradients of the last step
  bool operator==(const Result&) const = default;
};

std::vector<float> gradient_of(const std::vector<float>& values) {
  std::vector<float> gradient;
  gradient.reserve(values.size());
  for (const float value : values) gradient.push_back(0.01F * value + 0.001F);
  return gradient;
}

Result train(const Plan& plan, std::int64_t threads, bool communication_thread = false,
             const OptimizerSettings& settings = {}) {
  Result result;
  run_ranks(1, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm,
                                 {.seed = 4,
                                  .optimizer = settings,
                                  .threads = threads,
                                  .communication_thread = communication_thread});
    for (std::int64_t step = 0; step < 3; ++step) {
      const Batch batch = skewed_batch(plan.workload, step);
      result.pooled.assign(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()), 0);
      result.vectors.assign(num_vector_values(embeddings.unpooled_features(), batch), 0);
      embeddings.forward(batch, result.pooled, result.vectors);
      embeddings.bring_gradients(gradient_of(result.pooled), gradient_of(result.vectors));
      result.square_sum = embeddings.gradient_square_sum();
      embeddings.update(0.1F, 1);
    }
    for (const auto& local : embeddings.local_shards()) {
      result.weights.push_back(local.weights);
      result.weights16.push_back(local.weights16);
      result.state.push_back(local.state);
    }
  });
  return result;
}

TEST(Threads, ChangeNoBit) {
  for (const OptimizerKind optimizer : {OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad}) {
    for (const DataType dtype : {DataType::fp32, DataType::bf16}) {
      const Plan plan = skewed_plan(optimizer, dtype);
      const Result expected = train(plan, 1);
      EXPECT_TRUE(train(plan, 2) == expected) << to_string(optimizer) << to_string(dtype);
      EXPECT_TRUE(train(plan, 5) == expected) << to_string(optimizer) << to_string(dtype);
      for (const std::int64_t threads : {1, 2, 5}) {
        EXPECT_TRUE(train(plan, threads, true) == expected) << threads << " and one for messages";
      }
    }
  }
}

/// Each with settings that it has a use for.
TEST(Threads, ChangeNoBitOfAnyOptimizer) {
  const OptimizerSettings settings{
      .momentum = 0.9F, .weight_decay = 0.01F, .ftrl_l1 = 1e-4F, .ftrl_l2 = 0.1F};
  for (const OptimizerKind optimizer : kOptimizers) {
    const Plan plan = skewed_plan(optimizer, DataType::fp16);
    const Result expected = train(plan, 1, false, settings);
    EXPECT_NE(expected.weights16, train(plan, 1).weights16);
    EXPECT_TRUE(train(plan, 5, false, settings) == expected) << to_string(optimizer);
  }
}

TEST(Threads, ChangeNoBitOfAnyKindOfTable) {
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::rowwise_adam}) {
    const Plan plan = plan_of_every_kind(optimizer);
    const Result expected = train(plan, 1);
    EXPECT_FALSE(expected.vectors.empty());
    EXPECT_GT(expected.square_sum, 0);
    EXPECT_TRUE(train(plan, 2) == expected) << to_string(optimizer);
    EXPECT_TRUE(train(plan, 5, true) == expected) << to_string(optimizer);
  }
}

}  // namespace
}  // namespace shardwright
