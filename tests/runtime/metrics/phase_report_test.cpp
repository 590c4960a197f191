#include "runtime/metrics/phase_report.hpp"

#include <gtest/gtest.h>

namespace shardwright {
namespace {

PhaseReport lookups_of_one_step(const std::vector<double>& ms_of_ranks) {
  PhaseReport report;
  report.steps = 1;
  for (const double ms : ms_of_ranks) {
    report.ms_of_ranks.emplace_back()[static_cast<std::size_t>(StepPhase::lookup)] = ms;
  }
  return report;
}

TEST(PhaseReport, MeansOverTheStepsThatWereAdded) {
  PhaseReport report;
  report += lookups_of_one_step({1, 4});
  report += lookups_of_one_step({3, 4});

  EXPECT_EQ(report.steps, 2);
  EXPECT_EQ(report.mean_ms(0, StepPhase::lookup), 2);
  EXPECT_EQ(report.mean_ms(1, StepPhase::lookup), 4);
  EXPECT_EQ(report.mean_ms(1, StepPhase::update), 0);
}

TEST(PhaseReport, NamesTheRankThatIsSlowestOverAllSteps) {
  PhaseReport report = lookups_of_one_step({1, 9, 2});
  report += lookups_of_one_step({12, 1, 3});

  const PhaseSpread spread = spread_of(report, StepPhase::lookup);

  EXPECT_EQ(spread.slowest, 0U);  // 13 ms together; rank 1 had 10
  EXPECT_EQ(spread.max_ms, 6.5);
  EXPECT_EQ(spread.min_ms, 2.5);
  EXPECT_DOUBLE_EQ(spread.mean_ms, 14.0 / 3);
}

TEST(PhaseReport, TakesTheFirstOfEqualRanks) {
  EXPECT_EQ(spread_of(lookups_of_one_step({1, 5, 5}), StepPhase::lookup).slowest, 1U);
}

TEST(PhaseReport, IsZeroWithoutStepsOrRanks) {
  EXPECT_EQ(spread_of({}, StepPhase::lookup).max_ms, 0);
  PhaseReport report;
  report.ms_of_ranks.resize(2);
  EXPECT_EQ(spread_of(report, StepPhase::lookup).max_ms, 0);
}

}  // namespace
}  // namespace shardwright
