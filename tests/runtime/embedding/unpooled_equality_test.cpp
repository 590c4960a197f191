// Tables without pooling: a vector for each id, beside pooled tables.

#include "costmodel/exchange_traffic.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/dense_oracle.hpp"
#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/sums_of_nodes.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <tuple>

namespace shardwright::synthetic {
namespace {

constexpr std::array kOptimizers = {
    OptimizerKind::sgd,  OptimizerKind::adagrad,      OptimizerKind::rowwise_adagrad,
    OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl};

/// Two tables without pooling and two with.
Training unpooled(OptimizerKind optimizer, bool weighted = false) {
  return {.optimizer = optimizer, .weighted = weighted, .unpooled = true};
}

Outcome unsharded(const Training& training) {
  return run_on_threads(make_plan(training, Sharding::table_wise, 1, 0));
}

bool cuts_columns(Sharding sharding) {
  return sharding == Sharding::column_wise || sharding == Sharding::mixed ||
         sharding == Sharding::table_column_wise || sharding == Sharding::grid;
}

bool is_replicated_somewhere(Sharding sharding) {
  return sharding == Sharding::data_parallel || sharding == Sharding::every;
}

/// No partial sums are ever formed of vectors, nor of their gradients: row cuts change no bit.
bool keeps_the_bits(const Training& training, Sharding sharding) {
  if (is_replicated_somewhere(sharding)) return false;
  return !cuts_columns(sharding) || !has_row_statistic(training.optimizer);
}

void expect_close(const Outcome& found, const Outcome& expected) {
  EXPECT_LE(relative_distance(found.pooled, expected.pooled), 1e-6);
  EXPECT_LE(relative_distance(found.vectors, expected.vectors), 1e-6);
  for (std::size_t t = 0; t < expected.weights.size(); ++t) {
    EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), 1e-6) << t;
    EXPECT_LE(relative_distance(found.state[t], expected.state[t]), 1e-6) << t;
  }
}

void expect_same_bits_without_pooling(const Outcome& found, const Outcome& expected) {
  EXPECT_EQ(found.vectors, expected.vectors);
  for (const std::size_t t : {0U, 1U}) {
    EXPECT_EQ(found.weights[t], expected.weights[t]) << t;
    EXPECT_EQ(found.state[t], expected.state[t]) << t;
  }
}

using Case = std::tuple<std::int64_t, Sharding>;

class Unpooled : public testing::TestWithParam<Case> {};

TEST_P(Unpooled, EqualsTheUnshardedRun) {
  const auto [ranks, sharding] = GetParam();
  for (std::size_t i = 0; i < kOptimizers.size(); ++i) {
    Training training = unpooled(kOptimizers[i], i % 2 == 1);
    if (i % 3 == 2) training.mode = PoolingMode::none;  // no table is pooled
    SCOPED_TRACE(std::string(to_string(training.optimizer)));
    const Plan plan = make_plan(training, sharding, ranks, i);
    const Outcome expected = unsharded(training);
    const Outcome found = run_on_threads(plan);
    expect_close(found, expected);
    if (keeps_the_bits(training, sharding)) expect_same_bits_without_pooling(found, expected);
    const bool adds_elsewhere = is_replicated_somewhere(sharding) || adds_sums_of_nodes(plan);
    const Plan same = adds_elsewhere ? plan : on_one_rank(plan);
    EXPECT_TRUE(found == run_on_threads(same)) << "depends on the ranks or the run";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Plans, Unpooled,
    testing::Combine(testing::Values(1, 2, 4, 8),
                     testing::Values(Sharding::table_wise, Sharding::column_wise, Sharding::mixed,
                                     Sharding::row_wise, Sharding::table_row_wise,
                                     Sharding::table_column_wise, Sharding::grid,
                                     Sharding::data_parallel, Sharding::every)));

TEST(UnpooledUnsharded, AgreesWithDenseGradientsInDouble) {
  for (const OptimizerKind optimizer : kOptimizers) {
    for (Training training : {unpooled(optimizer), unpooled(optimizer, true),
                              Training{.optimizer = optimizer, .mode = PoolingMode::none}}) {
      SCOPED_TRACE(std::string(to_string(optimizer)));
      const Outcome found = unsharded(training);
      const OracleOutcome expected = run_oracle(make_workload(training));
      EXPECT_FALSE(found.vectors.empty());
      EXPECT_EQ(found.pooled.empty(), training.mode == PoolingMode::none);
      EXPECT_LE(relative_distance(found.pooled, expected.pooled), 1e-6);
      EXPECT_LE(relative_distance(found.vectors, expected.vectors), 1e-6);
      for (std::size_t t = 0; t < expected.weights.size(); ++t) {
        EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), 1e-6) << t;
        EXPECT_LE(relative_distance(found.state[t], expected.state[t]), 1e-6) << t;
      }
    }
  }
}

TEST(UnpooledManner, ThreadsAndOverlapChangeNoBit) {
  for (const OptimizerKind optimizer : {OptimizerKind::sgd, OptimizerKind::rowwise_adagrad}) {
    for (const Sharding sharding : {Sharding::mixed, Sharding::row_wise, Sharding::every}) {
      const Plan plan = make_plan(unpooled(optimizer), sharding, 3, 5);
      const Outcome expected = run_on_threads(plan);
      EXPECT_TRUE(run_on_threads(plan, {.threads = 3}) == expected) << "threads";
      EXPECT_TRUE(run_on_threads(plan, {.overlap = true}) == expected) << "overlap";
      EXPECT_TRUE(run_on_threads(plan, {.threads = 2, .overlap = true}) == expected) << "both";
    }
  }
}

TEST(UnpooledManner, SixteenBitWiresGiveTheSameBitsWhereverTablesLie) {
  for (const DataType format : {DataType::bf16, DataType::fp16}) {
    const WireFormats wire{.pooled = format, .gradients = format};
    for (const Sharding sharding : {Sharding::mixed, Sharding::row_wise}) {
      const Plan plan = make_plan(unpooled(OptimizerKind::sgd), sharding, 3, 5);
      const Outcome floats = run_on_threads(plan);
      const Outcome found = run_on_threads(plan, {.wire = wire});
      EXPECT_NE(found.vectors, floats.vectors);
      EXPECT_LE(relative_distance(found.vectors, floats.vectors), 0.01);
      const Outcome on_one = run_on_threads(on_one_rank(plan), {.wire = wire});
      expect_same_bits_without_pooling(found, on_one);
      EXPECT_TRUE(adds_sums_of_nodes(plan) || found == on_one);
    }
  }
}

TEST(UnpooledWeights, OfSixteenBitsHaveTheSameBitsUnderEveryPlan) {
  for (const DataType dtype : {DataType::bf16, DataType::fp16}) {
    Training training = unpooled(OptimizerKind::adagrad);
    training.dtype = dtype;
    const Outcome expected = unsharded(training);
    for (const Sharding sharding : {Sharding::mixed, Sharding::row_wise, Sharding::grid}) {
      expect_same_bits_without_pooling(run_on_threads(make_plan(training, sharding, 3, 5)),
                                       expected);
    }
  }
}

/// One table of 8 columns without pooling, of which each sample of 8 has 3 ids; some owner for each
/// half of its rows.
Plan one_table(const std::vector<Shard>& shards) {
  Plan plan;
  plan.topology.ranks.resize(2);
  plan.workload.batch_size = 8;
  Table& table = plan.workload.tables.emplace_back();
  table.name = "history";
  table.rows = 100;
  table.dim = 8;
  table.pooling = 3;
  table.mode = PoolingMode::none;
  table.features = {"history"};
  plan.shards = shards;
  return plan;
}

/// Ids alternate between the halves of the table.
Batch four_samples(const Communicator& comm) {
  Batch batch;
  batch.first_sample = 4 * comm.rank().value();
  batch.size = 4;
  Bags& bags = batch.features.emplace_back();
  bags.lengths = {6, 0, 4, 2};
  for (std::int64_t i = 0; i < 12; ++i) bags.ids.push_back(i % 2 == 0 ? i : 99 - i);
  return batch;
}

EmbeddingPhases bytes_of_step(const Plan& plan, Communicator& comm) {
  ShardedEmbeddings embeddings(plan, comm, {});
  const Batch batch = four_samples(comm);
  std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
  embeddings.forward(batch, {}, vectors);
  embeddings.backward({}, 0.1F, vectors);
  return embeddings.phases();
}

TEST(UnpooledTraffic, IsWhatTheCostModelTakesItFor) {
  const Shard whole{TableId{0}, ShardingType::table_wise, 0, 100, 0, 8, RankId{0}};
  const Plan plan = one_table({whole});
  const Table& table = plan.workload.tables.front();
  const ExchangeBytes predicted =
      exchange_bytes(table, whole, load_of(table, whole, 8, 0), RowWiseSums::at_samples);
  run_ranks(2, [&](Communicator& comm) {
    const EmbeddingPhases phases = bytes_of_step(plan, comm);
    const bool owns = comm.rank() == RankId{0};
    // Half of all samples are the owner's.
    EXPECT_EQ(static_cast<double>(phases.input_bytes), 32 + (owns ? 0 : predicted.input / 2));
    EXPECT_EQ(static_cast<double>(phases.output_bytes), owns ? predicted.output / 2 : 0);
    EXPECT_EQ(static_cast<double>(phases.gradient_bytes), owns ? 0 : predicted.output / 2);
  });
  EXPECT_EQ(predicted.output, 4 * 8 * 3 * 8);
}

TEST(UnpooledTraffic, OfRowPartsIsAVectorFromEachIdsOwner) {
  const Plan plan = one_table({{TableId{0}, ShardingType::row_wise, 0, 50, 0, 8, RankId{0}},
                               {TableId{0}, ShardingType::row_wise, 50, 100, 0, 8, RankId{1}}});
  run_ranks(2, [&](Communicator& comm) {
    const EmbeddingPhases phases = bytes_of_step(plan, comm);
    EXPECT_EQ(phases.input_bytes, 32 + 8 * 6 + 4 * 4);
    EXPECT_EQ(phases.output_bytes, 4 * 8 * 6);
    EXPECT_EQ(phases.gradient_bytes, 4 * 8 * 6);
  });
}

TEST(UnpooledVectors, MustHaveTheSizeOfTheBatchsIds) {
  const Plan plan = one_table({{TableId{0}, ShardingType::table_wise, 0, 100, 0, 8, RankId{0}}});
  Plan alone = plan;
  alone.topology.ranks.resize(1);
  run_ranks(1, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(alone, comm, {});
    const Batch batch = four_samples(comm);
    std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
    EXPECT_THROW(embeddings.forward(batch, {}), std::logic_error);
    embeddings.forward(batch, {}, vectors);
    EXPECT_THROW(embeddings.backward({}, 0.1F), std::logic_error);
  });
}

TEST(JaggedVectors, HaveNoneForEmptyBags) {
  Batch batch;
  batch.size = 3;
  batch.features = {{.lengths = {1, 1, 1}, .ids = {0, 0, 0}, .weights = {}},
                    {.lengths = {2, 0, 1}, .ids = {4, 5, 6}, .weights = {}},
                    {.lengths = {0, 0, 1}, .ids = {7}, .weights = {}}};
  const std::vector<UnpooledFeature> features = {{1, 2}, {2, 4}};
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  ASSERT_EQ(num_vector_values(features, batch), values.size());
  const std::vector<JaggedVectors> found = jagged_vectors(features, batch, values);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].dim, 2);
  EXPECT_THAT(found[0].offsets, testing::ElementsAre(0, 2, 2, 3));
  EXPECT_THAT(found[0].values, testing::ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(found[1].offsets, testing::ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(found[1].values, testing::ElementsAre(7, 8, 9, 10));
}

}  // namespace
}  // namespace shardwright::synthetic
