#include "tests/runtime/embedding/dense_oracle.hpp"
#include "tests/runtime/embedding/distance.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>

namespace shardwright::synthetic {
namespace {

constexpr std::array kOptimizers = {OptimizerKind::sgd, OptimizerKind::adagrad,
                                    OptimizerKind::rowwise_adagrad};
constexpr std::array kPooling = {
    std::pair(PoolingMode::sum, false), std::pair(PoolingMode::mean, false),
    std::pair(PoolingMode::sum, true), std::pair(PoolingMode::mean, true)};

std::string told(const Training& training) {
  return std::string(to_string(training.optimizer)) + ", " + std::string(to_string(training.mode)) +
         (training.weighted ? ", weighted" : "");
}

template <class Claim>
void for_each_training(Claim claim) {
  for (const OptimizerKind optimizer : kOptimizers) {
    for (const auto& [mode, weighted] : kPooling) {
      const Training training{.optimizer = optimizer, .mode = mode, .weighted = weighted};
      SCOPED_TRACE(told(training));
      claim(training);
    }
  }
}

/// Random plans per case: SHARDWRIGHT_TEST_ALL=1 tries more of them.
std::uint64_t num_plans() { return std::getenv("SHARDWRIGHT_TEST_ALL") != nullptr ? 8 : 1; }

Outcome unsharded(const Training& training) {
  return run_on_threads(make_plan(training, Sharding::table_wise, 1, 0));
}

bool shares_row_statistics(const Training& training, Sharding sharding) {
  return training.optimizer == OptimizerKind::rowwise_adagrad && sharding != Sharding::table_wise;
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

TEST_P(ShardedRun, EqualsTheUnshardedOneBitForBit) {
  for_each_training([&](const Training& training) {
    const Outcome expected = unsharded(training);
    for (std::uint64_t seed = 0; seed < num_plans(); ++seed) {
      const Plan plan = make_plan(training, sharding(), ranks(), seed);
      const Outcome found = run_on_threads(plan);
      if (shares_row_statistics(training, sharding())) {
        expect_close(found, expected, 1e-6);
        EXPECT_TRUE(found == run_on_threads(plan)) << "differs from run to run";
        EXPECT_TRUE(found == run_on_threads(on_one_rank(plan))) << "depends on the ranks";
      } else {
        EXPECT_TRUE(found == expected) << "plan " << seed;
      }
    }
  });
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const std::map<Sharding, std::string> names = {{Sharding::table_wise, "TableWise"},
                                                 {Sharding::column_wise, "ColumnWise"},
                                                 {Sharding::mixed, "Mixed"}};
  return names.at(std::get<1>(info.param)) + std::to_string(std::get<0>(info.param)) + "Ranks";
}

INSTANTIATE_TEST_SUITE_P(Plans, ShardedRun,
                         testing::Combine(testing::Values(1, 2, 3, 4, 8),
                                          testing::Values(Sharding::table_wise,
                                                          Sharding::column_wise, Sharding::mixed)),
                         case_name);

TEST(UnshardedRun, AgreesWithDenseGradientsInDouble) {
  for_each_training([](const Training& training) {
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
