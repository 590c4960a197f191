#include "tests/runtime/metrics/read_events.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class JobMetricsTest : public testing::Test {
 protected:
  JobMetricsTest() { write_test_data(folder_ / "data", 320, 64); }

  /// For two ranks, 10 steps.
  TrainConfig config(const std::string& name) const {
    TrainConfig config = test_config(folder_ / "data", folder_ / name);
    config.plan = write_plan(folder_ / "plan.json", whole_tables(2));
    return config;
  }

  std::vector<json> step_events(std::int64_t every, const std::string& name) const {
    TrainConfig settings = config(name);
    settings.metrics.every = every;
    std::vector<json> steps;
    for (const json& event : run_training(2, settings).events) {
      if (event["event"] == "step") steps.push_back(event);
    }
    return steps;
  }

  TestFolder folder_;
};

TEST_F(JobMetricsTest, ReportsEveryFewStepsAndTheLast) {
  const std::vector<json> all = step_events(1, "all");
  const std::vector<json> some = step_events(4, "some");

  ASSERT_EQ(all.size(), 10U);
  ASSERT_EQ(some.size(), 3U);
  std::vector<std::int64_t> last;
  std::vector<std::int64_t> steps;
  for (const json& event : some) {
    last.push_back(event["step"]);
    steps.push_back(event["steps"]);
    EXPECT_EQ(event["loss"], all.at(event["step"])["loss"]);
  }
  EXPECT_THAT(last, ElementsAre(3, 7, 9));
  EXPECT_THAT(steps, ElementsAre(4, 4, 2));
  EXPECT_DOUBLE_EQ(some[2]["loss_mean"].get<double>(),
                   (all[8]["loss"].get<double>() + all[9]["loss"].get<double>()) / 2);
  EXPECT_EQ(some[2]["samples"], 64);
}

TEST_F(JobMetricsTest, ComparesTheRanksPhasesAndMemory) {
  for (const json& event : step_events(3, "out")) {
    for (const auto& [phase, ms] : event["phase_ms"].items()) {
      EXPECT_LE(ms["min"], ms["mean"]) << phase;
      EXPECT_LE(ms["mean"], ms["max"]) << phase;
      EXPECT_LT(ms["slowest"], 2) << phase;
    }
    EXPECT_GT(event["phase_ms"]["dense"]["min"], 0);
    EXPECT_GT(event["resident_bytes"]["max"], 1 << 20);
  }
}

std::string content_of(const std::string& file) {
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str();
}

TEST_F(JobMetricsTest, KeepsTheLastStateInAFile) {
  TrainConfig settings = config("out");
  settings.metrics.file = folder_ / "job.prom";
  const TrainingRun run = run_training(2, settings);

  const std::string text = content_of(folder_ / "job.prom");
  EXPECT_THAT(text, testing::HasSubstr("\nshardwright_steps_total 10\n"));
  EXPECT_THAT(text, testing::HasSubstr("\nshardwright_samples_total 320\n"));
  EXPECT_THAT(text, testing::HasSubstr("job_id=\"" + run.summary.job_id + "\""));
  EXPECT_THAT(text, testing::HasSubstr("\nshardwright_test_auc 0."));
  EXPECT_THAT(text, testing::HasSubstr("phase=\"dense\",rank=\"1\""));
}

TEST_F(JobMetricsTest, ChartsEveryReportForTensorBoard) {
  TrainConfig settings = config("out");
  settings.metrics.tensorboard = folder_ / "charts/a";
  const TrainingRun run = run_training(2, settings);

  const std::vector<ReadEvent> events = read_event_folder(settings.metrics.tensorboard);
  ASSERT_EQ(events.size(), 12U);  // a version, 10 steps, an evaluation
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(events[i + 1].step, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(events[i + 1].scalars.at("train/loss"), static_cast<float>(run.losses[i]));
    EXPECT_GT(events[i + 1].scalars.at("phase_ms_max/dense"), 0);
    EXPECT_GT(events[i + 1].scalars.at("train/samples_per_s"), 0);
  }
  EXPECT_EQ(events[11].step, 10);
  EXPECT_EQ(events[11].scalars.at("test/auc"), static_cast<float>(run.summary.test.auc.value()));
}

TEST_F(JobMetricsTest, SaysWhatItTook) {
  const TrainingRun run = run_training(2, config("out"));

  EXPECT_GT(run.summary.metrics.seconds, 0);
  EXPECT_GT(run.summary.metrics.step_seconds, run.summary.metrics.seconds);
  EXPECT_EQ(run.events.back()["metrics"]["share_of_step_time"], run.summary.metrics.share());
  EXPECT_THAT(summary_to_text(run.summary), testing::HasSubstr("\nmetrics: 0.0"));
}

TEST_F(JobMetricsTest, ServesTheLoopbackUnlessItIsToldOtherwise) {
  TrainConfig settings = config("out");
  settings.metrics.port = 0;
  std::string said;
  TrainSurroundings surroundings;
  surroundings.progress.write = [&](const std::string& text) { said += text; };
  run_training(2, settings, surroundings);
  EXPECT_THAT(said, testing::HasSubstr("Metrics are served at http://127.0.0.1:"));

  settings.metrics.bind = "0.0.0.0";
  run_training(2, settings, surroundings);
  EXPECT_THAT(said, testing::HasSubstr("Metrics are served at http://0.0.0.0:"));
}

TEST_F(JobMetricsTest, RefusesWhatCannotBeWrittenBeforeTheFirstStep) {
  TrainConfig settings = config("out");
  settings.metrics.file = folder_ / "nowhere/job.prom";
  const RunFailure failure = run_failing(2, settings);
  EXPECT_EQ(failure.code, ExitCode::environment);
  EXPECT_THAT(failure.message, testing::HasSubstr("nowhere/job.prom cannot be written"));

  settings.metrics = {};
  settings.metrics.tensorboard = "/dev/null/charts";
  EXPECT_THAT(run_failing(2, settings).message, testing::HasSubstr("with --tensorboard"));

  settings.metrics = {};
  settings.metrics.port = 0;
  settings.metrics.bind = "everywhere";
  EXPECT_EQ(run_failing(2, settings).code, ExitCode::usage);
}

TEST_F(JobMetricsTest, GoesOnWhereTheFileCannotBeReplacedAnyMore) {
  TrainConfig settings = config("out");
  settings.metrics.file = folder_ / "job.prom";
  std::string said;
  TrainSurroundings surroundings;
  surroundings.progress.write = [&](const std::string& text) { said += text; };
  std::once_flag once;
  surroundings.interrupted = [&] {  // after the file has been made
    std::call_once(once, [&] {
      std::filesystem::remove(settings.metrics.file);
      std::filesystem::create_directory(settings.metrics.file);
    });
    return false;
  };
  const TrainingRun run = run_training(2, settings, surroundings);

  EXPECT_EQ(run.losses.size(), 10U);
  EXPECT_THAT(said, testing::HasSubstr("Training goes on without some of its metrics. The file " +
                                       settings.metrics.file + " cannot be written: Is a"));
}

}  // namespace
}  // namespace shardwright
