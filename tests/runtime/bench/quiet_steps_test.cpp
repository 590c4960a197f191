#include "runtime/bench/quiet_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::ElementsAre;

/// Steps numbered by their time.
std::vector<StepTimes> steps_of(const std::vector<double>& disturbances) {
  std::vector<StepTimes> steps;
  for (const double disturbance : disturbances) {
    StepTimes& step = steps.emplace_back();
    step.ms = static_cast<double>(steps.size());
    step.disturbance = disturbance;
  }
  return steps;
}

std::vector<double> numbers(const std::vector<StepTimes>& steps) {
  std::vector<double> result;
  result.reserve(steps.size());
  for (const StepTimes& step : steps) result.push_back(step.ms);
  return result;
}

TEST(QuietSteps, KeepsWhatDisturbedNoRank) {
  std::vector<std::vector<StepTimes>> ranks = {steps_of({0.9, 1.5, 1.0, 0.8}),
                                               steps_of({1.0, 0.9, 1.0, 1.2})};
  keep_quiet_steps(ranks, 1, true);
  EXPECT_THAT(numbers(ranks[0]), ElementsAre(1, 3));
  EXPECT_THAT(numbers(ranks[1]), ElementsAre(1, 3));
}

TEST(QuietSteps, KeepsTheLeastDisturbedIfTooFewAreQuiet) {
  std::vector<std::vector<StepTimes>> ranks = {steps_of({1.4, 2.0, 1.0, 1.3}),
                                               steps_of({1.0, 1.0, 1.0, 1.0})};
  keep_quiet_steps(ranks, 3, true);
  EXPECT_THAT(numbers(ranks[1]), ElementsAre(1, 3, 4));
}

TEST(QuietSteps, LetsEachRankKeepItsOwnOfTurns) {
  std::vector<std::vector<StepTimes>> ranks = {steps_of({0.9, 1.5, 1.1}),
                                               steps_of({1.6, 0.9, 0.8})};
  keep_quiet_steps(ranks, 2, false);
  EXPECT_THAT(numbers(ranks[0]), ElementsAre(1, 3));
  EXPECT_THAT(numbers(ranks[1]), ElementsAre(2, 3));
}

TEST(QuietSteps, KeepsAllIfNobodyLooked) {
  std::vector<std::vector<StepTimes>> ranks = {steps_of({0, 0, 0})};
  EXPECT_EQ(num_quiet(ranks[0]), 3);
  keep_quiet_steps(ranks, 3, true);
  EXPECT_THAT(numbers(ranks[0]), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace shardwright
