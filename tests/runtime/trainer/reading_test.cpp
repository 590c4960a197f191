// How a job reads its data: ahead, and in a shuffled order.

#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

namespace shardwright {
namespace {

using testing::HasSubstr;

/// Two epochs of 13 batches.
class Reading : public testing::Test {
 protected:
  Reading() {
    write_test_data(folder_ / "data");
    config_ = test_config(folder_ / "data", folder_ / "out");
    config_.epochs = 2;
  }

  TestFolder folder_;
  TrainConfig config_;
};

TEST_F(Reading, AheadChangesNoBit) {
  config_.reading.ahead.batches = 0;
  const TrainingRun expected = run_training(2, config_);
  config_.reading.ahead = {.batches = 5, .threads = 3};
  const TrainingRun run = run_training(2, config_);
  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.weights, expected.weights);
  EXPECT_EQ(run.summary.test.auc, expected.summary.test.auc);
}

TEST_F(Reading, AFaultFoundAheadEndsAllAtItsStep) {
  std::fstream labels(folder_ / "data/train/labels.f32",
                      std::ios::binary | std::ios::in | std::ios::out);
  const float bad = 7;
  labels.seekp(200 * 4);
  labels.write(reinterpret_cast<const char*>(&bad), sizeof bad);
  labels.close();
  config_.reading.ahead.batches = 20;

  const RunFailure failure = run_failing(2, config_);

  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, HasSubstr("the label of sample 200 is 7"));
  EXPECT_EQ(read_events(config_.output).size(), 6U);  // steps 0 to 5; 6 has samples 192 to 223
}

TEST_F(Reading, ShuffledIsTheSameForAnyNumberOfRanks) {
  const TrainingRun in_order = run_training(1, config_);
  config_.reading.shuffle = true;
  const TrainingRun one = run_training(1, config_);
  const TrainingRun three = run_training(3, config_);
  ASSERT_EQ(one.losses.size(), 26U);
  for (std::size_t step = 0; step < one.losses.size(); ++step) {
    EXPECT_NEAR(three.losses[step], one.losses[step], 1e-5 * one.losses[step]);
  }
  EXPECT_NE(one.losses, in_order.losses);
  config_.seed = 2;
  EXPECT_NE(run_training(1, config_).losses, one.losses);
}

TEST_F(Reading, ShuffledStoppedInTheSecondEpochEqualsNeverStopped) {
  config_.reading.shuffle = true;
  const TrainingRun expected = run_training(2, config_);
  config_.output = folder_ / "stopped";
  config_.checkpoint_every = "signal";
  std::atomic<std::int64_t> asked = 0;
  TrainSurroundings surroundings;
  surroundings.interrupted = [&] { return asked++ >= 2 * (19 + 17); };  // 19 evaluation batches
  EXPECT_THAT(run_failing(2, config_, surroundings).message, HasSubstr("after 17 of 26 steps"));

  config_.reading.shuffle = false;
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("shuffle was true and is missing now"));
  config_.reading.shuffle = true;
  const TrainingRun run = run_training(2, config_);
  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.weights, expected.weights);
}

}  // namespace
}  // namespace shardwright
