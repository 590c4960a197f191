// Training with exchanges that overlap with computing: the same bits, files and failures.

#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <vector>

namespace shardwright {
namespace {

using testing::HasSubstr;

/// Two epochs of 13 batches, the last of each cut short: with eight ranks, some run dry.
class OverlapTraining : public testing::Test {
 protected:
  OverlapTraining() {
    write_test_data(folder_ / "data");
    config_ = test_config(folder_ / "data", folder_ / "out");
    config_.epochs = 2;
    config_.optimizer = OptimizerKind::rowwise_adagrad;
  }

  TrainingRun run(std::int64_t ranks, bool overlap) {
    config_.overlap = overlap;
    config_.output = folder_ / fmt::format("out_{}_{}", ranks, overlap);
    return run_training(ranks, config_);
  }

  TestFolder folder_;
  TrainConfig config_;
};

void expect_same(const TrainingRun& found, const TrainingRun& expected) {
  EXPECT_EQ(found.losses, expected.losses);
  EXPECT_EQ(found.weights, expected.weights);
  EXPECT_EQ(found.summary.test.auc, expected.summary.test.auc);
  EXPECT_EQ(found.summary.job_id, expected.summary.job_id);
}

TEST_F(OverlapTraining, GivesTheSameBits) {
  for (const std::int64_t ranks : {1, 3, 8}) {
    SCOPED_TRACE(fmt::format("{} ranks", ranks));
    for (const Plan& plan : {mixed_tables(ranks), split_tables(ranks)}) {
      config_.plan = write_plan(folder_ / "plan.json", plan);
      const TrainingRun expected = run(ranks, false);
      ASSERT_EQ(expected.losses.size(), 26U);
      expect_same(run(ranks, true), expected);
      std::filesystem::remove_all(config_.output);
      std::filesystem::remove_all(folder_ / fmt::format("out_{}_false", ranks));
    }
  }
}

TEST_F(OverlapTraining, GivesTheSameBitsWithCrossLayers) {
  config_.model = "dcnv2";
  config_.cross_layers = 2;
  config_.cross_rank = 3;
  config_.plan = write_plan(folder_ / "plan.json", split_tables(3));
  const TrainingRun expected = run(3, false);
  expect_same(run(3, true), expected);
}

TEST_F(OverlapTraining, GivesTheSameBitsWithAThreadForMessagesAlone) {
  config_.max_steps = 3;  // handing work over costs where ranks share cores
  config_.plan = write_plan(folder_ / "plan.json", split_tables(3));
  const TrainingRun expected = run(3, false);
  config_.communication_thread = CommunicationThread::on;
  expect_same(run(3, true), expected);
}

TEST_F(OverlapTraining, GivesTheSameBitsWhereGradientsAreClipped) {
  config_.optimizer_keys.gradient_clip_norm = 0.01;
  config_.plan = write_plan(folder_ / "plan.json", split_tables(3));
  const TrainingRun expected = run(3, false);
  expect_same(run(3, true), expected);
}

/// Every step's line has the bytes of that step, and phases that make up its time.
TEST_F(OverlapTraining, TellsTheSameBytesOfEveryStep) {
  config_.plan = write_plan(folder_ / "plan.json", split_tables(3));
  const std::vector<nlohmann::json> expected = run(3, false).events;
  const std::vector<nlohmann::json> found = run(3, true).events;
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i]["event"], expected[i]["event"]);
    if (found[i]["event"] != "step") continue;
    EXPECT_EQ(found[i]["bytes_sent"], expected[i]["bytes_sent"]) << "line " << i;
  }
}

TEST_F(OverlapTraining, StoppedAndGoneOnEqualsNeverStopped) {
  config_.plan = write_plan(folder_ / "plan.json", split_tables(2));
  const TrainingRun expected = run(2, false);
  config_.overlap = true;
  config_.output = folder_ / "stopped";
  config_.checkpoint_every = "3steps";
  for (const int meeting : {5, 17, 30}) {  // in the first epoch, its evaluation, the second
    std::atomic<std::int64_t> asked = 0;
    TrainSurroundings surroundings;
    surroundings.interrupted = [&] { return asked++ >= 2 * meeting; };
    EXPECT_EQ(run_failing(2, config_, surroundings).code, ExitCode::interrupted);
    config_.overlap = !config_.overlap;  // a job may go on in the other way
  }
  const TrainingRun found = run_training(2, config_);
  EXPECT_EQ(found.losses, expected.losses);
  EXPECT_EQ(found.weights, expected.weights);
}

/// The step whose next batch cannot be had is not taken.
TEST_F(OverlapTraining, AnInterruptEndsAllBetweenSteps) {
  config_.overlap = true;
  std::atomic<int> asked = 0;
  TrainSurroundings surroundings;
  surroundings.interrupted = [&] { return ++asked == 8; };  // one rank, at the third batch
  const RunFailure failure = run_failing(3, config_, surroundings);
  EXPECT_EQ(failure.code, ExitCode::interrupted);
  EXPECT_THAT(failure.message, HasSubstr("Interrupted after 1 of 26 steps"));
}

TEST_F(OverlapTraining, RanksMustAllOverlapOrNone) {
  std::vector<TrainConfig> configs(3, config_);
  configs[2].overlap = true;
  const RunFailure failure = run_failing(configs);
  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, HasSubstr("overlap is false on rank 0 but true on rank 2"));
}

}  // namespace
}  // namespace shardwright
