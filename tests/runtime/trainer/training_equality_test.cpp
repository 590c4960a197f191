#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace shardwright {
namespace {

double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - b[i], 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / norm);
}

/// 50 steps: four epochs of 13 batches, the last of 16 samples, cut short.
TrainConfig fifty_steps(const TestFolder& folder, OptimizerKind optimizer) {
  TrainConfig config = test_config(folder / "data", folder / "out");
  config.epochs = 4;
  config.max_steps = 50;
  config.optimizer = optimizer;
  config.warmup_steps = 5;
  return config;
}

class TrainingEquality : public testing::TestWithParam<OptimizerKind> {};

std::string describe(const Plan& plan) {
  std::string text = fmt::format("{} ranks:", plan.topology.size());
  for (const Shard& shard : plan.shards) {
    text += fmt::format(" {}[{},{})x[{},{})@{}", shard.table.value(), shard.row_begin,
                        shard.row_end, shard.col_begin, shard.col_end,
                        shard.rank ? fmt::to_string(shard.rank->value()) : "every");
  }
  return text;
}

TEST_P(TrainingEquality, AnyUnsplitPlanOnTheSameRanksGivesTheSameBits) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = fifty_steps(folder, GetParam());
  for (const std::int64_t ranks : {2, 3, 4, 8}) {
    config.plan.clear();
    const TrainingRun first = run_training(ranks, config);
    ASSERT_EQ(first.losses.size(), 50U);

    std::vector<Plan> plans = {whole_tables(ranks, 1)};
    // Row-wise Adagrad sums the squares of a cut row shard by shard: close, but other bits.
    if (GetParam() != OptimizerKind::rowwise_adagrad) {
      plans.push_back(cut_tables(ranks, 2));
      plans.push_back(mixed_tables(ranks, 1));
    }
    for (const Plan& plan : plans) {
      SCOPED_TRACE(describe(plan));
      config.plan = write_plan(folder / "plan.json", plan);
      const TrainingRun other = run_training(ranks, config);
      EXPECT_EQ(other.losses, first.losses);
      EXPECT_EQ(other.weights, first.weights);
      EXPECT_EQ(other.summary.test.auc, first.summary.test.auc);
    }
  }
}

/// Losses to 1e-5, weights to 1e-5 of each tensor's norm.
void expect_close(const TrainingRun& several, const TrainingRun& one) {
  ASSERT_EQ(several.losses.size(), one.losses.size());
  for (std::size_t i = 0; i < one.losses.size(); ++i) {
    EXPECT_NEAR(several.losses[i], one.losses[i], 1e-5 * one.losses[i]) << "step " << i;
  }
  ASSERT_EQ(several.weights.size(), one.weights.size());
  for (const auto& [name, values] : one.weights) {
    EXPECT_LE(relative_distance(several.weights.at(name), values), 1e-5) << name;
  }
}

TEST_P(TrainingEquality, OtherNumbersOfRanksAgree) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = fifty_steps(folder, GetParam());
  const TrainingRun one = run_training(1, config);

  for (const std::int64_t ranks : {2, 3, 4, 8}) {
    for (const Plan& plan : {whole_tables(ranks), cut_tables(ranks), mixed_tables(ranks),
                             split_tables(ranks), other_split_tables(ranks)}) {
      SCOPED_TRACE(describe(plan));
      config.plan = write_plan(folder / "plan.json", plan);
      expect_close(run_training(ranks, config), one);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, TrainingEquality,
                         testing::Values(OptimizerKind::sgd, OptimizerKind::adagrad,
                                         OptimizerKind::rowwise_adagrad),
                         [](const auto& optimizer) {
                           return std::string(to_string(optimizer.param));
                         });

TEST(Training, TwoRunsGiveTheSameBits) {
  const TestFolder folder;
  write_test_data(folder / "data");
  TrainConfig config = fifty_steps(folder, OptimizerKind::rowwise_adagrad);
  for (const Plan& plan : {cut_tables(3), split_tables(3), other_split_tables(3)}) {
    SCOPED_TRACE(describe(plan));
    config.plan = write_plan(folder / "plan.json", plan);

    const TrainingRun first = run_training(3, config);
    const TrainingRun second = run_training(3, config);

    EXPECT_EQ(second.losses, first.losses);
    EXPECT_EQ(second.weights, first.weights);
  }
}

}  // namespace
}  // namespace shardwright
