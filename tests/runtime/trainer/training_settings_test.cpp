// Settings of the optimizers, clipping, schedules and DCNv2 in whole trainings.

#include "runtime/checkpoint/saved_index.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

/// One epoch of 13 batches.
class TrainingSettings : public testing::Test {
 protected:
  TrainingSettings() {
    write_test_data(folder_ / "data", 400, 60);
    config_ = test_config(folder_ / "data", folder_ / "out");
  }

  TrainingRun train_on(std::int64_t ranks, const Plan& plan) {
    config_.plan = write_plan(folder_ / "plan.json", plan);
    return run_training(ranks, config_);
  }

  /// The same bits under any unsplit plan, losses alike on other ranks.
  void expect_equality();

  TestFolder folder_;
  TrainConfig config_;
};

void TrainingSettings::expect_equality() {
  const TrainingRun one = train_on(1, whole_tables(1));
  const TrainingRun whole = train_on(3, whole_tables(3));
  const TrainingRun moved = train_on(3, cut_tables(3, 1));
  const TrainingRun split = train_on(4, split_tables(4));

  EXPECT_EQ(moved.losses, whole.losses);
  EXPECT_EQ(moved.weights, whole.weights);
  for (const TrainingRun* other : {&whole, &split}) {
    ASSERT_EQ(other->losses.size(), one.losses.size());
    for (std::size_t i = 0; i < one.losses.size(); ++i) {
      EXPECT_NEAR(other->losses[i], one.losses[i], 1e-5 * one.losses[i]) << "step " << i;
    }
  }
}

TEST_F(TrainingSettings, MomentumClippingAndDenseAdamAreTheSameUnderAnyPlan) {
  config_.optimizer = OptimizerKind::sgd;
  config_.optimizer_keys.momentum = 0.9;
  config_.optimizer_keys.weight_decay = 0.001;
  config_.optimizer_keys.gradient_clip_norm = 0.1;
  config_.optimizer_keys.dense_optimizer = OptimizerKind::adam;
  config_.optimizer_keys.dense_eps = 1e-4;
  config_.optimizer_keys.dense_learning_rate = 0.01;
  expect_equality();
}

TEST_F(TrainingSettings, Dcnv2IsTheSameUnderAnyPlan) {
  config_.model = "dcnv2";
  config_.cross_rank = 6;
  config_.optimizer = OptimizerKind::adam;
  config_.optimizer_keys.eps = 1e-4;
  config_.learning_rate = 0.005;
  expect_equality();
}

std::vector<double> of_steps(const TrainingRun& run, const char* name) {
  std::vector<double> values;
  for (const nlohmann::json& event : run.events) {
    if (event["event"] == "step") values.push_back(event[name]);
  }
  return values;
}

/// Of the first step, by all ranks.
std::int64_t bytes_of(const TrainingRun& run, const char* ranks) {
  std::int64_t sum = 0;
  for (const nlohmann::json& bytes : run.events.at(0)["bytes_sent"][ranks]) {
    sum += bytes.get<std::int64_t>();
  }
  return sum;
}

/// ‖after − before‖ over all weights.
double distance(const TrainingRun& after, const TrainingRun& before) {
  double sum = 0;
  for (const auto& [name, values] : before.weights) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += std::pow(static_cast<double>(after.weights.at(name)[i]) - values[i], 2);
    }
  }
  return std::sqrt(sum);
}

/// Of 32 samples; one rank has none of them.
TEST_F(TrainingSettings, RanksMayTakePartsOfABatchOfTheirOwnSizes) {
  const TrainingRun one = train_on(1, whole_tables(1));
  const TrainingRun even = train_on(4, split_tables(4));
  config_.rank_batch_sizes = {17, 0, 3, 12};
  for (const bool overlap : {false, true}) {
    config_.overlap = overlap;
    const TrainingRun uneven = train_on(4, split_tables(4));
    EXPECT_NE(bytes_of(uneven, "output_ranks"), bytes_of(even, "output_ranks"));
    ASSERT_EQ(uneven.losses.size(), one.losses.size());
    for (std::size_t i = 0; i < one.losses.size(); ++i) {
      EXPECT_NEAR(uneven.losses[i], one.losses[i], 1e-5 * one.losses[i]) << "step " << i;
    }
    EXPECT_LT(distance(uneven, one), 1e-4);
    EXPECT_NEAR(uneven.summary.test.log_loss.value(), one.summary.test.log_loss.value(), 1e-5);
  }
}

TEST_F(TrainingSettings, SizesOfTheRanksPartsMustFitTheJob) {
  config_.plan = write_plan(folder_ / "plan.json", whole_tables(2));
  const auto expect_refused = [&](const std::vector<std::int64_t>& sizes, const char* sentence) {
    config_.rank_batch_sizes = sizes;
    const RunFailure failure = run_failing(2, config_);
    EXPECT_EQ(failure.code, ExitCode::bad_input);
    EXPECT_THAT(failure.message, HasSubstr(sentence));
  };
  expect_refused({10, 12, 10},
                 "[10, 12, 10]: 3 sizes, and this job has 2 ranks. Give one for each");
  expect_refused({0, 0}, "[0, 0], together 0 samples; expected 1 to 2147483648");
  config_.batch_size = 32;
  expect_refused({20, 10}, "[20, 10], together 30 samples, and batch_size is 32. Leave batch_size");
}

TEST_F(TrainingSettings, EachDirectionTravelsInItsFormat) {
  const TrainingRun floats = train_on(2, cut_tables(2));
  config_.wire = {.pooled = DataType::fp16};
  const TrainingRun values = train_on(2, cut_tables(2));
  EXPECT_EQ(2 * bytes_of(values, "output_ranks"), bytes_of(floats, "output_ranks"));
  EXPECT_EQ(bytes_of(values, "gradient_ranks"), bytes_of(floats, "gradient_ranks"));
  config_.wire = {.gradients = DataType::bf16};
  const TrainingRun gradients = train_on(2, cut_tables(2));
  EXPECT_EQ(bytes_of(gradients, "output_ranks"), bytes_of(floats, "output_ranks"));
  EXPECT_LT(bytes_of(gradients, "gradient_ranks"), bytes_of(floats, "gradient_ranks"));
  for (const TrainingRun* narrow : {&values, &gradients}) {
    EXPECT_NE(narrow->weights, floats.weights);
    EXPECT_NEAR(narrow->losses.back(), floats.losses.back(), 0.01);
  }
}

TEST_F(TrainingSettings, ClippingChangesNothingBelowTheNorm) {
  config_.optimizer = OptimizerKind::sgd;
  const TrainingRun free = train_on(2, split_tables(2));
  config_.optimizer_keys.gradient_clip_norm = 1000;
  const TrainingRun loose = train_on(2, split_tables(2));

  EXPECT_EQ(loose.losses, free.losses);
  EXPECT_EQ(loose.weights, free.weights);
}

// A step of SGD moves all weights together by rate · norm.
TEST_F(TrainingSettings, AStepIsAsLongAsTheClippedGradient) {
  config_.optimizer = OptimizerKind::sgd;
  config_.learning_rate = 0.5;
  config_.max_steps = 0;
  const TrainingRun start = train_on(3, split_tables(3));
  config_.max_steps = 1;
  config_.optimizer_keys.gradient_clip_norm = 1000;
  const TrainingRun unclipped = train_on(3, split_tables(3));
  const double norm = of_steps(unclipped, "gradient_norm").at(0);
  EXPECT_NEAR(distance(unclipped, start), 0.5 * norm, 1e-4 * norm);

  config_.optimizer_keys.gradient_clip_norm = norm / 4;
  const TrainingRun clipped = train_on(3, split_tables(3));

  EXPECT_EQ(of_steps(clipped, "gradient_norm").at(0), norm);
  EXPECT_NEAR(distance(clipped, start), 0.5 * norm / 4, 1e-4 * norm);
}

TEST_F(TrainingSettings, TheScheduleIsTaken) {
  config_.warmup_steps = 2;
  config_.optimizer_keys.decay_steps = 5;
  config_.optimizer_keys.dense_learning_rate = 0.5;

  const TrainingRun run = run_training(1, config_);

  const std::vector<double> rates = of_steps(run, "learning_rate");
  const std::vector<double> dense = of_steps(run, "dense_learning_rate");
  for (std::size_t i = 0; i < 13; ++i) {
    const double left = i < 2 ? 1 : std::max(1.0, 5 - (static_cast<double>(i) - 1)) / 5;
    const double share = i == 0 ? 0.5 : left * left;
    EXPECT_DOUBLE_EQ(rates.at(i), 0.05 * share) << i;
    EXPECT_DOUBLE_EQ(dense.at(i), 0.5 * share) << i;
  }
}

TEST_F(TrainingSettings, MomentumAndAdamGoOnFromACheckpointToTheSameBits) {
  config_.optimizer = OptimizerKind::sgd;
  config_.optimizer_keys.momentum = 0.9;
  config_.optimizer_keys.gradient_clip_norm = 0.1;
  config_.optimizer_keys.dense_optimizer = OptimizerKind::adam;
  config_.optimizer_keys.decay_steps = 20;
  config_.model = "dcnv2";
  const TrainingRun expected = train_on(2, split_tables(2));
  config_.output = folder_ / "stopped";
  config_.checkpoint_every = "signal";
  std::atomic<int> asked = 0;
  TrainSurroundings surroundings;
  surroundings.interrupted = [&] { return asked++ >= 2 * 5; };
  EXPECT_THAT(run_failing(2, config_, surroundings).message, HasSubstr("Interrupted after 5"));

  const TrainingRun run = train_on(2, split_tables(2));

  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.weights, expected.weights);
  const SavedIndex index = read_saved_index(config_.output + "/model");
  EXPECT_EQ(index.tables.at(0).state, (std::vector<StatePart>{{"momentum", true}}));

  config_.checkpoint_every = "never";
  config_.optimizer_keys.momentum = 0.8;
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("momentum was 0.9 and is 0.8 now"));
}

TEST_F(TrainingSettings, SaysWhichSettingsContradict) {
  config_.cross_rank = 4;
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("settings of the model dcnv2"));
  config_.cross_rank.reset();
  config_.optimizer_keys.momentum = 0.5;
  EXPECT_THAT(run_failing(2, config_).message,
              HasSubstr("momentum is a setting of sgd, but all tables are trained with rowwise"));
}

// Predictions of a plan suppose that sgd has no state.
TEST_F(TrainingSettings, APlansPredictionsAreNotForMomentum) {
  config_.optimizer = OptimizerKind::sgd;
  Plan plan = whole_tables(1);
  for (Table& table : plan.workload.tables) table.optimizer = OptimizerKind::sgd;
  EXPECT_TRUE(train_on(1, plan).summary.predicted.has_value());
  config_.optimizer_keys.momentum = 0.5;
  EXPECT_FALSE(train_on(1, plan).summary.predicted.has_value());
}

}  // namespace
}  // namespace shardwright
