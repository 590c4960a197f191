// Training that is stopped and goes on from its checkpoints: the same bits as if never stopped.

#include "costmodel/json/json_view.hpp"
#include "runtime/checkpoint/checkpoint_folders.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

namespace shardwright {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two epochs of 13 batches each, an evaluation of 19 batches after each.
class Resume : public testing::Test {
 protected:
  Resume() {
    write_test_data(folder_ / "data");
    config_ = test_config(folder_ / "data", folder_ / "out");
    config_.epochs = 2;
    config_.warmup_steps = 5;
    config_.checkpoint_every = "signal";
  }

  /// The same job, in a folder of its own, that nothing disturbs.
  TrainingRun undisturbed(std::int64_t ranks) const {
    TrainConfig config = config_;
    config.output = folder_ / fmt::format("undisturbed_{}", ranks);
    config.checkpoint_every = "never";
    config.resume = "never";
    return run_training(ranks, config);
  }

  /// Lets a job be interrupted at the `meeting`-th time that its ranks agree, counted from 0.
  RunFailure stop_at(std::int64_t ranks, int meeting) {
    std::atomic<std::int64_t> asked = 0;
    TrainSurroundings surroundings = listening();
    surroundings.interrupted = [&] { return asked++ >= meeting * ranks; };
    return run_failing(ranks, config_, surroundings);
  }

  TrainSurroundings listening() {
    TrainSurroundings surroundings;
    surroundings.progress.write = [this](const std::string& text) { said_ += text; };
    return surroundings;
  }

  std::vector<std::int64_t> checkpoints() const {
    return checkpoint_steps(config_.output + "/checkpoints");
  }

  std::string newest() const {
    return checkpoint_folder(config_.output + "/checkpoints", checkpoints().back());
  }

  TestFolder folder_;
  TrainConfig config_;
  std::string said_;  ///< by rank 0
};

void expect_same(const TrainingRun& run, const TrainingRun& expected) {
  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.weights, expected.weights);
  EXPECT_EQ(run.summary.steps, expected.summary.steps);
  EXPECT_EQ(run.summary.epochs, expected.summary.epochs);
  EXPECT_EQ(run.summary.samples, expected.summary.samples);
  EXPECT_EQ(run.summary.measured_steps, expected.summary.measured_steps);
  EXPECT_EQ(run.summary.last_loss, expected.summary.last_loss);
  EXPECT_EQ(run.summary.test.auc, expected.summary.test.auc);
  EXPECT_EQ(run.summary.test.log_loss, expected.summary.test.log_loss);
}

void flip_bit(const std::string& file) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
  char byte = 0;
  stream.seekg(middle).get(byte);
  stream.seekp(middle).put(static_cast<char>(byte ^ 4));
}

class ResumeBits : public Resume, public testing::WithParamInterface<OptimizerKind> {};

TEST_P(ResumeBits, StoppedAnywhereEqualsNeverStopped) {
  config_.optimizer = GetParam();
  for (const std::int64_t ranks : {1, 2, 4}) {
    SCOPED_TRACE(fmt::format("{} ranks", ranks));
    config_.plan = write_plan(folder_ / "plan.json", split_tables(ranks));
    const TrainingRun expected = undisturbed(ranks);
    // In the first epoch, in its evaluation, between the two, and in the second.
    EXPECT_THAT(stop_at(ranks, 4).message, HasSubstr("Interrupted after 4 of 26 steps"));
    EXPECT_THAT(stop_at(ranks, 9 + 5).message, HasSubstr("Interrupted after 13 of 26 steps"));
    EXPECT_THAT(stop_at(ranks, 19).message, HasSubstr("Interrupted after 13 of 26 steps"));
    const RunFailure last = stop_at(ranks, 19 + 7);
    EXPECT_THAT(last.message, HasSubstr("Interrupted after 20 of 26 steps"));
    EXPECT_EQ(last.code, ExitCode::interrupted);

    expect_same(run_training(ranks, config_), expected);
    fs::remove_all(config_.output);
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, ResumeBits,
                         testing::Values(OptimizerKind::sgd, OptimizerKind::adagrad,
                                         OptimizerKind::rowwise_adagrad),
                         [](const auto& optimizer) {
                           return std::string(to_string(optimizer.param));
                         });

TEST_F(Resume, AnyUnsplitPlanOnTheSameRanksGivesTheSameBits) {
  config_.optimizer = OptimizerKind::adagrad;
  config_.plan = write_plan(folder_ / "plan.json", whole_tables(3));
  const TrainingRun expected = undisturbed(3);
  stop_at(3, 6);
  config_.plan = write_plan(folder_ / "other.json", cut_tables(3, 1));

  const TrainingRun run = run_training(3, config_);

  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.weights, expected.weights);
  EXPECT_EQ(run.summary.measured_steps, 20);
}

TEST_F(Resume, OtherRanksAndSplitPlansAgree) {
  config_.plan = write_plan(folder_ / "plan.json", cut_tables(2));
  const TrainingRun expected = undisturbed(2);
  stop_at(2, 6);
  config_.plan = write_plan(folder_ / "plan.json", split_tables(4));
  stop_at(4, 9);
  config_.plan = write_plan(folder_ / "plan.json", other_split_tables(3));

  const TrainingRun run = run_training(3, config_);

  ASSERT_EQ(run.losses.size(), expected.losses.size());
  for (std::size_t i = 0; i < run.losses.size(); ++i) {
    EXPECT_NEAR(run.losses[i], expected.losses[i], 1e-5 * expected.losses[i]) << i;
  }
}

TEST_F(Resume, WritesByStepsAndKeepsTheLast) {
  config_.checkpoint_every = "4 steps";
  config_.checkpoint_keep = 2;

  const TrainingRun run = run_training(2, config_);

  EXPECT_THAT(checkpoints(), ElementsAre(24, 26));
  std::vector<std::int64_t> written;
  for (const auto& event : run.events) {
    if (event["event"] == "checkpoint") written.push_back(event["steps"]);
  }
  EXPECT_THAT(written, ElementsAre(4, 8, 12, 16, 20, 24, 26));
}

TEST_F(Resume, WritesWhenItIsAsked) {
  std::atomic<int> asked = 0;
  TrainSurroundings surroundings;
  surroundings.checkpoint_asked = [&] { return ++asked == 14; };  // one rank, after the seventh

  run_training(2, config_, surroundings);

  EXPECT_THAT(checkpoints(), ElementsAre(7));
}

TEST_F(Resume, WritesByTime) {
  config_.checkpoint_every = "1e-9s";
  config_.checkpoint_keep = 30;

  run_training(2, config_);

  EXPECT_EQ(checkpoints().size(), 26U);
}

TEST_F(Resume, AFinishedJobIsFoundFinished) {
  config_.checkpoint_every = "100 steps";
  const TrainingRun first = run_training(2, config_);

  const TrainingRun again = run_training(2, config_, listening());

  expect_same(again, first);
  EXPECT_THAT(said_, HasSubstr("after step 26"));
}

TEST_F(Resume, MoreEpochsGoOnFromTheEnd) {
  const TrainingRun expected = undisturbed(2);
  config_.checkpoint_every = "100 steps";
  config_.epochs = 1;
  run_training(2, config_);
  config_.epochs = 2;

  expect_same(run_training(2, config_), expected);
}

TEST_F(Resume, OfADamagedCheckpointTheOneBeforeIsUsed) {
  const TrainingRun expected = undisturbed(2);
  stop_at(2, 5);
  stop_at(2, 5);
  ASSERT_THAT(checkpoints(), ElementsAre(5, 10));
  const std::string damaged = newest();
  flip_bit(damaged + "/rank-00001.safetensors");

  const TrainingRun run = run_training(2, config_, listening());

  expect_same(run, expected);
  EXPECT_THAT(said_, HasSubstr(damaged + "/rank-00001.safetensors is damaged: its checksum is"));
  EXPECT_THAT(said_, HasSubstr("step-000000000005, after step 5."));
}

TEST_F(Resume, WithAllDamagedItIsRefused) {
  stop_at(2, 5);
  fs::remove(newest() + "/dense.safetensors");

  const RunFailure failure = run_failing(2, config_);

  EXPECT_EQ(failure.code, ExitCode::bad_input);
  EXPECT_THAT(failure.message, HasSubstr("dense.safetensors is damaged: No such file"));
  EXPECT_THAT(failure.message, HasSubstr("train with --resume never"));
}

TEST_F(Resume, NeverStartsAnew) {
  const TrainingRun expected = undisturbed(2);
  stop_at(2, 20);
  config_.resume = "never";
  config_.checkpoint_every = "10 steps";

  expect_same(run_training(2, config_), expected);
  EXPECT_THAT(checkpoints(), ElementsAre(10, 20, 26));
}

TEST_F(Resume, AFolderOfAnotherJobCanBeNamed) {
  const TrainingRun expected = undisturbed(2);
  stop_at(2, 5);
  const std::string before = config_.output;
  config_.output = folder_ / "second";
  for (const std::string& folder :
       {before, before + "/checkpoints", before + "/checkpoints/step-000000000005"}) {
    config_.resume = folder;
    const TrainingRun run = run_training(2, config_);
    EXPECT_EQ(run.weights, expected.weights) << folder;
  }
  config_.resume = folder_ / "data";
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("data holds no checkpoint."));
  config_.resume = config_.output + "/model";
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("holds a model, which lacks"));
}

TEST_F(Resume, AnotherJobIsRefusedByTheFirstDifference) {
  stop_at(2, 5);
  TrainConfig other = config_;
  other.batch_size = 16;
  EXPECT_THAT(run_failing(2, other).message, HasSubstr("batch_size was 32 and is 16 now"));
  other = config_;
  other.top_mlp = {16, 1};
  EXPECT_THAT(run_failing(2, other).message, HasSubstr("top_mlp/0 was 8 and is 16 now"));
  other = config_;
  other.optimizer = OptimizerKind::sgd;
  EXPECT_THAT(run_failing(2, other).message, HasSubstr("rowwise_adagrad, and this job has it"));
  write_test_data(folder_ / "data", 200);
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("train/samples was 400 and is 200 now"));
}

TEST_F(Resume, RanksThatWouldNotMeetAreRefused) {
  TrainConfig other = config_;
  other.resume = "never";
  EXPECT_THAT(run_failing({config_, other}, {}).message,
              HasSubstr("resume is \"auto\" on rank 0 but \"never\" on rank 1"));
  other = config_;
  other.checkpoint_every = "never";
  EXPECT_THAT(run_failing({config_, other}, {}).message, HasSubstr("checkpoint_every is"));
}

TEST_F(Resume, ANewLearningRateIsTold) {
  stop_at(2, 5);
  config_.learning_rate = 0.025;

  const TrainingRun run = run_training(2, config_, listening());

  EXPECT_EQ(run.summary.steps, 26);
  EXPECT_THAT(said_, HasSubstr("learning_rate was 0.05 and is 0.025 now"));
}

TEST_F(Resume, LeftoversOfAKilledJobGo) {
  stop_at(2, 5);
  for (const char* suffix : {".partial", ".old"}) {
    fs::create_directories(newest() + suffix);
    std::ofstream(newest() + suffix + "/rank-00000.safetensors") << "half";
  }

  run_training(2, config_);

  for (const auto& entry : fs::directory_iterator(config_.output + "/checkpoints")) {
    EXPECT_THAT(entry.path().filename().string(), testing::MatchesRegex("step-[0-9]+"));
  }
}

TEST_F(Resume, TrainingGoesOnWithoutACheckpointThatFails) {
  const TrainingRun expected = undisturbed(2);
  config_.checkpoint_every = "10 steps";
  const std::string in_the_way = config_.output + "/checkpoints/step-000000000010.partial";
  fs::create_directories(in_the_way);
  std::ofstream(in_the_way + "/thesis.txt") << "years of work";

  const TrainingRun run = run_training(2, config_, listening());

  expect_same(run, expected);
  EXPECT_THAT(said_, HasSubstr("Training goes on without a checkpoint of step 10: The checkpoint"));
  EXPECT_THAT(said_, HasSubstr("thesis.txt in it is no file of a saved model"));
  EXPECT_THAT(checkpoints(), ElementsAre(20, 26));
  EXPECT_TRUE(fs::exists(in_the_way + "/thesis.txt"));
}

TEST_F(Resume, CheckpointsNeedAnOutput) {
  config_.output.clear();
  EXPECT_THAT(run_failing(2, config_).message, HasSubstr("no output folder to write checkpoints"));
}

// What metrics.jsonl had of steps after the checkpoint is cut off, also half a line.
TEST_F(Resume, MetricsGoOnWhereTheCheckpointWasTaken) {
  const TrainingRun expected = undisturbed(1);
  stop_at(1, 5);
  std::ofstream(config_.output + "/metrics.jsonl", std::ios::app) << "{\"event\":\"step\",\"st";

  const TrainingRun run = run_training(1, config_);

  EXPECT_EQ(run.losses, expected.losses);
  EXPECT_EQ(run.events[5]["event"], "resume");
  EXPECT_EQ(run.events[5]["steps"], 5);
}

}  // namespace
}  // namespace shardwright
