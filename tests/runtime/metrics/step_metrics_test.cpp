#include "runtime/metrics/step_metrics.hpp"

#include "runtime/metrics/resident_bytes.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace shardwright {
namespace {

/// Of two ranks, of which the second takes twice as long, sends ten times as much and is fuller.
StepStatistics two_ranks(double ms, std::int64_t bytes) {
  std::vector<StepReport> reports(2);
  for (std::size_t rank = 0; rank < 2; ++rank) {
    reports[rank].seconds = 0.5;
    reports[rank].ms(StepPhase::lookup) = rank == 0 ? ms : 2 * ms;
    reports[rank].bytes(StepTraffic::output) = rank == 0 ? bytes : 10 * bytes;
    reports[rank].resident_bytes = rank == 0 ? 700 : 900;
  }
  return statistics_of(reports);
}

StepMetrics two_steps() {
  StepMetrics metrics;
  add_step(metrics, {.epoch = 0, .step = 6, .samples = 32, .loss = 0.1, .learning_rate = 0.25},
           two_ranks(1, 100));
  add_step(metrics, {.epoch = 1, .step = 7, .samples = 16, .loss = 0.7, .learning_rate = 0.5},
           two_ranks(3, 300));
  return metrics;
}

TEST(StepLine, TellsOfTheStepsSinceTheLineBefore) {
  const std::string line = step_line(two_steps());

  ASSERT_EQ(line.back(), '\n');
  const nlohmann::json json = nlohmann::json::parse(line);
  EXPECT_EQ(json["event"], "step");
  EXPECT_EQ(json["epoch"], 1);
  EXPECT_EQ(json["step"], 7);
  EXPECT_EQ(json["steps"], 2);
  EXPECT_EQ(json["loss"], 0.7);
  EXPECT_DOUBLE_EQ(json["loss_mean"], 0.4);
  EXPECT_EQ(json["learning_rate"], 0.5);
  EXPECT_EQ(json["samples"], 48);
  EXPECT_EQ(json["samples_per_s"], 48);
}

TEST(StepLine, ComparesTheRanks) {
  const nlohmann::json json = nlohmann::json::parse(step_line(two_steps()));

  EXPECT_EQ(json["phase_ms"].size(), kStepPhaseNames.size());
  EXPECT_EQ(json["phase_ms"]["lookup"],
            nlohmann::json({{"min", 2}, {"mean", 3}, {"max", 4}, {"slowest", 1}}));
  EXPECT_EQ(json["bytes_sent"]["output"], 200);
  EXPECT_EQ(json["bytes_sent"]["output_max"], 2000);
  EXPECT_EQ(json["bytes_sent"]["output_ranks"], nlohmann::json({200, 2000}));
  EXPECT_EQ(json["resident_bytes"], nlohmann::json({{"max", 900}, {"fullest", 1}}));
}

TEST(StepLine, KeepsAllDigitsOfTheLoss) {
  StepMetrics metrics;
  add_step(metrics, {.loss = 0.1 + 0.2}, two_ranks(1, 1));

  EXPECT_EQ(nlohmann::json::parse(step_line(metrics))["loss"].get<double>(), 0.1 + 0.2);
}

TEST(StepLine, SaysThatMemoryIsNotKnown) {
  StepMetrics metrics;
  add_step(metrics, {}, statistics_of(std::vector<StepReport>(1)));

  EXPECT_TRUE(nlohmann::json::parse(step_line(metrics))["resident_bytes"].is_null());
}

TEST(ResidentBytes, GrowWithWhatIsTouched) {
  const std::int64_t before = resident_bytes();
  const std::vector<char> touched(64 << 20, 1);

  EXPECT_GT(before, 0);
  EXPECT_GE(resident_bytes() - before, (32 << 20) * touched.front());
}

}  // namespace
}  // namespace shardwright
