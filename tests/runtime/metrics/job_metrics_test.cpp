#include "tests/runtime/trainer/training_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace shardwright {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class JobMetricsTest : public testing::Test {
 protected:
  JobMetricsTest() { write_test_data(folder_ / "data", 320, 64); }

  /// On two ranks, 10 steps.
  std::vector<json> step_events(std::int64_t every, const std::string& name) {
    TrainConfig config = test_config(folder_ / "data", folder_ / name);
    config.plan = write_plan(folder_ / "plan.json", whole_tables(2));
    config.metrics.every = every;
    std::vector<json> steps;
    for (const json& event : run_training(2, config).events) {
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

}  // namespace
}  // namespace shardwright
