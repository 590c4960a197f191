#include "planner/input_file.hpp"
#include "planner/rate_plan.hpp"
#include "runtime/measured/job_watch.hpp"
#include "runtime/measured/step_prober.hpp"
#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// A job on two ranks, on a plan with predictions.
class WatchedTraining : public testing::Test {
 protected:
  WatchedTraining() {
    write_test_data(folder_ / "data");
    Plan plan = whole_tables(2);
    rate_plan(plan, *make_cost_model("analytic"));
    config_ = test_config(folder_ / "data", folder_ / "out");
    config_.plan = write_plan(folder_ / "plan.json", plan);
    config_.max_steps = 12;
  }

  std::string content(const std::string& name) const {
    return read_input_file(folder_ / name).content;
  }

  TestFolder folder_;
  TrainConfig config_;
};

TEST_F(WatchedTraining, TracesItsFirstSteps) {
  config_.watch.trace = folder_ / "trace.json";
  config_.watch.trace_steps = 3;
  run_training(2, config_);
  std::set<std::int64_t> steps;
  const json trace = json::parse(content("trace.json"));
  for (const json& event : trace["traceEvents"]) {
    if (event["ph"] == "X") steps.insert(event["args"]["step"].get<std::int64_t>());
  }
  EXPECT_THAT(steps, ElementsAre(0, 1, 2));
}

TEST_F(WatchedTraining, LeavesATraceOfWhatThereIsWhenItIsInterrupted) {
  config_.watch.trace = folder_ / "trace.json";
  config_.plan.clear();
  int asked = 0;
  TrainSurroundings surroundings;
  surroundings.interrupted = [&asked] { return ++asked > 10; };
  EXPECT_EQ(run_failing(1, config_, surroundings).code, ExitCode::interrupted);
  EXPECT_FALSE(json::parse(content("trace.json"))["traceEvents"].empty());
}

TEST_F(WatchedTraining, RecordsTimingsOfBothRanks) {
  config_.watch.record_timings = folder_ / "timings.csv";
  run_training(2, config_);
  const bool has_cores = !run_training(2, config_).summary.placement.shares_cores();
  const auto rows = parse_compute_timings(content("timings.csv"), "timings.csv").rows;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].passes, 9) << "twelve steps without those that warm up";
  EXPECT_EQ(rows[0].batch_size, 32);
  EXPECT_EQ(rows[0].tables.size(), 2U) << "user and tag";
  EXPECT_EQ(rows[1].tables.at(0).features, 2) << "item";
  EXPECT_EQ(rows[3].repeat, 2);
  for (const ComputeTiming& row : rows) EXPECT_EQ(row.probe.known(), has_cores);
}

TEST_F(WatchedTraining, TakesNoProbesWhereRanksShareCores) {
  constexpr std::int64_t kMostCores = 15;
  const std::int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);
  if (cores > kMostCores) GTEST_SKIP() << cores << " cores take too many ranks to share";
  config_.watch.record_timings = folder_ / "timings.csv";
  config_.plan.clear();
  run_training(cores + 1, config_);
  const auto rows = parse_compute_timings(content("timings.csv"), "timings.csv").rows;
  ASSERT_FALSE(rows.empty());
  for (const ComputeTiming& row : rows) EXPECT_FALSE(row.probe.known());
}

TEST(StepProber, IsDoneWithTheLastStepThatIsLookedAt) {
  StepProber prober;
  for (std::int64_t i = 0; i < TimingRecorder::kMostSteps; ++i) {
    ASSERT_TRUE(prober.next().known()) << i;
  }
  EXPECT_FALSE(prober.next().known());
}

/// A rank looks up and updates its own rows for all samples.
TEST_F(WatchedTraining, RecordsTimingsOfWholeBatchesWhateverPartsOfThemRanksTake) {
  config_.watch.record_timings = folder_ / "timings.csv";
  run_training(2, config_);
  config_.rank_batch_sizes = {32, 0};
  run_training(2, config_);
  const auto rows = parse_compute_timings(content("timings.csv"), "timings.csv").rows;
  ASSERT_EQ(rows.size(), 4U);
  for (const std::size_t rank : {0U, 1U}) {
    const ComputeTiming& even = rows[rank];
    const ComputeTiming& uneven = rows[2 + rank];
    EXPECT_EQ(uneven.seed, even.seed) << "the same table set";
    EXPECT_EQ(uneven.batch_size, even.batch_size);
    EXPECT_EQ(uneven.passes, even.passes);
    EXPECT_EQ(uneven.tables.at(0).pooling, even.tables.at(0).pooling);
  }
}

TEST_F(WatchedTraining, RefusesToRecordTimingsOfSeveralThreads) {
  config_.watch.record_timings = folder_ / "timings.csv";
  config_.threads = 2;
  const RunFailure failure = run_failing(2, config_);
  EXPECT_EQ(failure.code, ExitCode::usage);
  EXPECT_THAT(failure.message, HasSubstr("one CPU thread a rank"));
}

TEST_F(WatchedTraining, ComparesWithThePlanOnTheWayAndAtTheEnd) {
  config_.watch.compare_every = 5;
  const TrainingRun run = run_training(2, config_);
  std::vector<std::int64_t> after;
  for (const json& event : run.events) {
    if (event["event"] == "plan_check") after.push_back(event["after_steps"]);
  }
  EXPECT_THAT(after, ElementsAre(5, 10));
  const json last = run.events.back();
  EXPECT_EQ(last["event"], "summary");
  EXPECT_EQ(last["plan_check"]["steps"], 12);
  const json& lookup = last["plan_check"]["ranks"][1]["phase_ms"]["lookup"];
  EXPECT_GT(lookup["predicted"].get<double>(), 0);
  EXPECT_GT(lookup["measured"].get<double>(), 0);
  EXPECT_THAT(summary_to_text(run.summary), HasSubstr("Plan against measured, means of 12 steps"));
}

TEST_F(WatchedTraining, CountsItsTimeAsTimeOfTheMetrics) {
  config_.watch.compare_every = 1;
  constexpr std::chrono::milliseconds kToWrite(5);
  TrainSurroundings surroundings;
  surroundings.progress.write = [&](const std::string&) { std::this_thread::sleep_for(kToWrite); };
  const TrainingRun run = run_training(2, config_, surroundings);
  EXPECT_GE(run.summary.metrics.seconds, 12 * std::chrono::duration<double>(kToWrite).count());
}

TEST_F(WatchedTraining, ComputesTheSameWhateverItShows) {
  const TrainingRun plain = run_training(2, config_);
  config_.output = folder_ / "watched";
  config_.watch = {.trace = folder_ / "trace.json",
                   .trace_steps = 2,
                   .record_timings = folder_ / "timings.csv",
                   .compare_every = 3};
  const TrainingRun watched = run_training(2, config_);
  EXPECT_EQ(plain.losses, watched.losses);
  EXPECT_EQ(plain.summary.job_id, watched.summary.job_id);
}

TEST_F(WatchedTraining, GoesOnWhereATraceCannotBeWritten) {
  config_.watch.trace = "/nowhere/trace.json";
  std::string said;
  TrainSurroundings surroundings;
  surroundings.progress.write = [&said](const std::string& text) { said += text; };
  EXPECT_EQ(run_training(2, config_, surroundings).summary.steps, 12);
  EXPECT_THAT(said, HasSubstr("Training goes on without it: The file /nowhere/trace.json"));
}

TEST(WatchSettings, AreReadFromAConfigAndChecked) {
  TrainConfig config;
  const json settings = {
      {"trace", "t.json"}, {"trace_steps", 5}, {"record_timings", "t.csv"}, {"compare_every", 7}};
  apply_train_settings(JsonView(settings, "test"), config);
  EXPECT_EQ(config.watch.trace, "t.json");
  EXPECT_EQ(config.watch.trace_steps, 5);
  EXPECT_EQ(config.watch.record_timings, "t.csv");
  EXPECT_EQ(config.watch.compare_every, 7);
  const json none = {{"trace_steps", 0}};
  EXPECT_THROW(apply_train_settings(JsonView(none, "test"), config), InputError);
}

TEST(RanksOnHost, CountsThem) { EXPECT_THAT(ranks_on_host({"a", "b", "a"}), ElementsAre(2, 1, 2)); }

}  // namespace
}  // namespace shardwright
