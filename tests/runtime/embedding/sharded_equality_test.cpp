#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/dense_oracle.hpp"
#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/sums_of_nodes.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <tuple>

namespace shardwright::synthetic {
namespace {

constexpr std::array kOptimizers = {
    OptimizerKind::sgd,  OptimizerKind::adagrad,      OptimizerKind::rowwise_adagrad,
    OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl};
constexpr std::array kPooling = {
    std::pair(PoolingMode::sum, false), std::pair(PoolingMode::mean, false),
    std::pair(PoolingMode::sum, true), std::pair(PoolingMode::mean, true)};

std::string told(const Training& training) {
  return std::string(to_string(training.optimizer)) + ", " + std::string(to_string(training.mode)) +
         (training.weighted ? ", weighted" : "");
}

bool tries_all() { return std::getenv("SHARDWRIGHT_TEST_ALL") != nullptr; }

/// Of the types that split bags only the plain sum and the weighted mean, and of the optimizers
/// that are like another in what they need of a plan only the sum, unless all is asked for.
bool is_tried(Sharding sharding, OptimizerKind optimizer, PoolingMode mode, bool weighted) {
  const bool is_like_another = optimizer == OptimizerKind::adam ||
                               optimizer == OptimizerKind::rowwise_adam ||
                               optimizer == OptimizerKind::ftrl;
  if (is_like_another && !tries_all()) return mode == PoolingMode::sum && !weighted;
  const bool plain = sharding == Sharding::table_wise || sharding == Sharding::column_wise ||
                     sharding == Sharding::mixed;
  return plain || tries_all() || (mode == PoolingMode::mean) == weighted;
}

template <class Claim>
void for_each_training(Sharding sharding, Claim claim) {
  for (const OptimizerKind optimizer : kOptimizers) {
    for (const auto& [mode, weighted] : kPooling) {
      if (!is_tried(sharding, optimizer, mode, weighted)) continue;
      const Training training{.optimizer = optimizer, .mode = mode, .weighted = weighted};
      SCOPED_TRACE(told(training));
      claim(training);
    }
  }
}

/// Random plans per case: SHARDWRIGHT_TEST_ALL=1 tries more of them.
std::uint64_t num_plans() { return tries_all() ? 8 : 1; }

Outcome unsharded(const Training& training) {
  return run_on_threads(make_plan(training, Sharding::table_wise, 1, 0));
}

bool has_row_statistic_cut(const Training& training, Sharding sharding) {
  return has_row_statistic(training.optimizer) && sharding != Sharding::table_wise;
}

bool keeps_rows_and_bags_whole(Sharding sharding) {
  return sharding == Sharding::table_wise || sharding == Sharding::column_wise ||
         sharding == Sharding::mixed || sharding == Sharding::table_column_wise;
}

/// Parts of a sum come from several places, but each row's gradient from one: the rows' weights are
/// still those of the unsharded run.
bool splits_bags_alone(const Training& training, Sharding sharding) {
  return training.mode == PoolingMode::sum &&
         (sharding == Sharding::row_wise || sharding == Sharding::table_row_wise);
}

bool is_replicated_somewhere(const Plan& plan) {
  return std::any_of(plan.shards.begin(), plan.shards.end(),
                     [](const Shard& shard) { return !shard.rank; });
}

/// What is left of a plan's bits where sums are added up elsewhere.
void expect_same_bits(const Plan& plan, const Outcome& found) {
  const Outcome on_one = run_on_threads(on_one_rank(plan));
  if (!adds_sums_of_nodes(plan)) {
    EXPECT_TRUE(found == on_one) << "depends on the ranks or the run";
    return;
  }
  EXPECT_TRUE(found.weights == on_one.weights && found.state == on_one.state);
  EXPECT_TRUE(found == run_on_threads(plan)) << "differs from run to run";
}

void expect_close(const Outcome& found, const Outcome& expected, double tolerance) {
  EXPECT_LE(relative_distance(found.pooled, expected.pooled), tolerance);
  for (std::size_t t = 0; t < expected.weights.size(); ++t) {
    EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), tolerance);
    EXPECT_LE(relative_distance(found.state[t], expected.state[t]), tolerance);
  }
}

using Case = std::tuple<std::int64_t, Sharding>;

class ShardedRun : public testing::TestWithParam<Case> {
 protected:
  std::int64_t ranks() const { return std::get<0>(GetParam()); }
  Sharding sharding() const { return std::get<1>(GetParam()); }
};

void expect_equal(const Training& training, Sharding sharding, const Plan& plan) {
  const Outcome expected = unsharded(training);
  const Outcome found = run_on_threads(plan);
  if (keeps_rows_and_bags_whole(sharding) && !has_row_statistic_cut(training, sharding)) {
    EXPECT_TRUE(found == expected);
    return;
  }
  expect_close(found, expected, 1e-6);
  if (splits_bags_alone(training, sharding)) {
    EXPECT_EQ(found.weights, expected.weights);
    EXPECT_EQ(found.state, expected.state);
  }
  if (is_replicated_somewhere(plan)) {
    EXPECT_TRUE(found == run_on_threads(plan)) << "differs from run to run";
  } else {
    expect_same_bits(plan, found);
  }
}

TEST_P(ShardedRun, EqualsTheUnshardedOne) {
  for_each_training(sharding(), [&](const Training& training) {
    for (std::uint64_t seed = 0; seed < num_plans(); ++seed) {
      SCOPED_TRACE("plan " + std::to_string(seed));
      expect_equal(training, sharding(), make_plan(training, sharding(), ranks(), seed));
    }
  });
}

/// One step of column-cut and whole tables on ranks that share the samples.
struct WireStep {
  std::vector<float> pooled;  ///< of all samples
  std::vector<float> weights;
  std::int64_t output_bytes = 0;
  std::int64_t gradient_bytes = 0;
};

WireStep wire_step(std::int64_t ranks, WireFormats wire) {
  WireStep result;
  std::mutex mutex;
  const Plan plan = make_plan({.optimizer = OptimizerKind::sgd}, Sharding::mixed, ranks, 3);
  std::map<std::size_t, std::vector<float>> pooled_of;
  run_ranks(ranks, [&](Communicator& comm) {
    ShardedEmbeddings embeddings(plan, comm, {.seed = 3, .optimizer = {}, .wire = wire});
    const Batch batch = make_share(plan.workload, 7, comm);
    const std::int64_t columns = embeddings.pooled_columns();
    std::vector<float> pooled(static_cast<std::size_t>(batch.size * columns));
    embeddings.forward(batch, pooled);
    embeddings.backward(make_gradient(7, batch, columns), 0.5F);
    const std::lock_guard lock(mutex);
    pooled_of[comm.rank().index()] = pooled;
    result.output_bytes += embeddings.phases().output_bytes;
    result.gradient_bytes += embeddings.phases().gradient_bytes;
    result.weights.resize(4000 * 40);
    for (const auto& local : embeddings.local_shards()) {
      for (std::size_t i = 0; i < local.weights.size(); ++i) {
        const auto width = static_cast<std::size_t>(local.shard.columns());
        const std::size_t row = i / width + 1000 * local.shard.table.index();
        const std::size_t column = i % width + static_cast<std::size_t>(local.shard.col_begin);
        result.weights[row * 40 + column] += local.weights[i];
      }
    }
  });
  for (const auto& [rank, values] : pooled_of) {
    result.pooled.insert(result.pooled.end(), values.begin(), values.end());
  }
  return result;
}

TEST(WireFormats, HalveTheBytesAndGiveTheSameBitsWhereverTablesLie) {
  for (const DataType format : {DataType::bf16, DataType::fp16}) {
    SCOPED_TRACE(std::string(to_string(format)));
    const WireStep floats = wire_step(3, {});
    const WireStep found = wire_step(3, {.pooled = format, .gradients = format});
    EXPECT_EQ(2 * found.output_bytes, floats.output_bytes);
    EXPECT_EQ(2 * found.gradient_bytes, floats.gradient_bytes);
    EXPECT_NE(found.pooled, floats.pooled);
    EXPECT_LE(relative_distance(found.pooled, floats.pooled), 0.004);
    EXPECT_NE(found.weights, floats.weights);
    EXPECT_LE(relative_distance(found.weights, floats.weights), 0.004);
    const WireStep elsewhere = wire_step(1, {.pooled = format, .gradients = format});
    EXPECT_EQ(found.pooled, elsewhere.pooled);
    EXPECT_EQ(found.weights, elsewhere.weights);
    const WireStep gradients_alone = wire_step(3, {.gradients = format});
    EXPECT_EQ(gradients_alone.pooled, floats.pooled);
    EXPECT_EQ(gradients_alone.weights, found.weights);
    EXPECT_EQ(gradients_alone.output_bytes, floats.output_bytes);
  }
}

bool cuts_columns(Sharding sharding) {
  return sharding == Sharding::mixed || sharding == Sharding::table_column_wise ||
         sharding == Sharding::grid;
}

/// A weight is rounded by its place in the table, wherever that lies.
TEST(SixteenBitWeights, HaveTheSameBitsUnderEveryPlan) {
  for (const DataType dtype : {DataType::bf16, DataType::fp16}) {
    for (const OptimizerKind optimizer : kOptimizers) {
      const Training training{.optimizer = optimizer, .dtype = dtype};
      const Outcome expected = unsharded(training);
      EXPECT_NE(expected.weights, unsharded({.optimizer = optimizer}).weights);
      std::int64_t ranks = 2;
      for (const Sharding sharding : {Sharding::mixed, Sharding::row_wise, Sharding::table_row_wise,
                                      Sharding::table_column_wise, Sharding::grid}) {
        SCOPED_TRACE(told(training) + ", " + std::string(to_string(dtype)));
        ++ranks;
        if (has_row_statistic(optimizer) && cuts_columns(sharding)) continue;
        const Outcome found = run_on_threads(make_plan(training, sharding, ranks, 5));
        EXPECT_TRUE(found.weights == expected.weights && found.state == expected.state);
      }
    }
  }
}

TEST(SixteenBitWeights, StayNearThoseInFloats) {
  for (const DataType dtype : {DataType::bf16, DataType::fp16}) {
    const Outcome found = unsharded({.optimizer = OptimizerKind::adagrad, .dtype = dtype});
    const Outcome expected = unsharded({.optimizer = OptimizerKind::adagrad});
    for (std::size_t t = 0; t < expected.weights.size(); ++t) {
      EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), 0.02);
    }
  }
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const std::map<Sharding, std::string> names = {{Sharding::table_wise, "TableWise"},
                                                 {Sharding::column_wise, "ColumnWise"},
                                                 {Sharding::mixed, "Mixed"},
                                                 {Sharding::row_wise, "RowWise"},
                                                 {Sharding::table_row_wise, "TableRowWise"},
                                                 {Sharding::table_column_wise, "TableColumnWise"},
                                                 {Sharding::grid, "Grid"},
                                                 {Sharding::data_parallel, "DataParallel"},
                                                 {Sharding::every, "EveryType"}};
  return names.at(std::get<1>(info.param)) + std::to_string(std::get<0>(info.param)) + "Ranks";
}

INSTANTIATE_TEST_SUITE_P(
    Plans, ShardedRun,
    testing::Combine(testing::Values(1, 2, 3, 4, 8),
                     testing::Values(Sharding::table_wise, Sharding::column_wise, Sharding::mixed,
                                     Sharding::row_wise, Sharding::table_row_wise,
                                     Sharding::table_column_wise, Sharding::grid,
                                     Sharding::data_parallel, Sharding::every)),
    case_name);

/// Checks one step's pooled values of one rank, value by value.
void expect_sums_near(const Batch& batch, const Plan& plan, const std::vector<float>& pooled) {
  std::size_t at = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(batch.size); ++n) {
    std::size_t f = 0;
    for (const Table& table : plan.workload.tables) {
      for (std::size_t k = 0; k < table.features.size(); ++k, ++f) {
        const Bags& bags = batch.features[f];
        const auto first =
            std::accumulate(bags.lengths.begin(),
                            bags.lengths.begin() + static_cast<std::ptrdiff_t>(n), std::size_t{0});
        for (std::int64_t c = 0; c < table.dim; ++c, ++at) {
          double sum = 0;
          double terms = 0;
          for (std::size_t i = first; i < first + static_cast<std::size_t>(bags.lengths[n]); ++i) {
            const double term = static_cast<double>(bags.weights[i]) *
                                initial_embedding_weight(1, table.name, table.rows, bags.ids[i], c);
            sum += term;
            terms += std::abs(term);
          }
          ASSERT_LE(std::abs(static_cast<double>(pooled[at]) - sum), 1e-6 * terms);
        }
      }
    }
  }
}

TEST(SplitBags, EverySumIsWithinAMillionthOfItsTerms) {
  for (const Sharding sharding : {Sharding::row_wise, Sharding::grid, Sharding::data_parallel}) {
    const Plan plan = make_plan({.weighted = true}, sharding, 4, 3);
    run_ranks(4, [&](Communicator& comm) {
      ShardedEmbeddings embeddings(plan, comm, {.seed = 1});
      const Batch batch = make_share(plan.workload, 7, comm);  // has the bag of 3,000 ids
      std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
      embeddings.forward(batch, pooled);
      expect_sums_near(batch, plan, pooled);
    });
  }
}

TEST(UnshardedRun, AgreesWithDenseGradientsInDouble) {
  for_each_training(Sharding::table_wise, [](const Training& training) {
    const Outcome found = unsharded(training);
    const OracleOutcome expected = run_oracle(make_workload(training));
    EXPECT_LE(relative_distance(found.pooled, expected.pooled), 1e-6);
    for (std::size_t t = 0; t < expected.weights.size(); ++t) {
      EXPECT_LE(relative_distance(found.weights[t], expected.weights[t]), 1e-6);
      EXPECT_LE(relative_distance(found.state[t], expected.state[t]), 1e-6);
    }
  });
}

TEST(SyntheticRun, MovesTheWeightsAndUsesEveryCase) {
  const Training training{.optimizer = OptimizerKind::adagrad};
  const Outcome outcome = unsharded(training);
  const Workload workload = make_workload(training);
  for (std::size_t t = 0; t < workload.tables.size(); ++t) {
    const Table& table = workload.tables[t];
    EXPECT_NE(outcome.weights[t][0], initial_embedding_weight(11, table.name, table.rows, 0, 0));
    EXPECT_GT(outcome.state[t][0], 0.0F);
  }
  const Batch batch = make_batch(workload, 7, 0, global_samples(7));
  EXPECT_EQ(batch.features[0].lengths[2], 3000);
  EXPECT_THAT(batch.features[2].lengths, testing::Contains(0));
  EXPECT_THAT(batch.features[2].lengths, testing::Contains(5));
}

}  // namespace
}  // namespace shardwright::synthetic
