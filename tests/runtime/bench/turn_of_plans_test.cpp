#include "runtime/bench/turn_of_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::ElementsAre;

TEST(TurnOfPlans, BeginsWithAnotherPlanEveryTime) {
  std::vector<std::size_t> order;
  const auto step = [&](std::size_t plan) {
    order.push_back(plan);
    return StepTimes{};
  };
  for (const std::int64_t number : {0, 1, 2, 3}) take_turn(3, number, step);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2));
}

TEST(TurnOfPlans, IsAsDisturbedAsItsMostDisturbedStep) {
  const std::vector<StepTimes> times = take_turn(3, 1, [](std::size_t plan) {
    StepTimes step;
    step.ms = static_cast<double>(plan);
    step.disturbance = plan == 1 ? 2.5 : 1.0;
    return step;
  });
  ASSERT_EQ(times.size(), 3U);
  for (std::size_t plan = 0; plan < 3; ++plan) {
    EXPECT_EQ(times[plan].ms, static_cast<double>(plan)) << "in the plans' own order";
    EXPECT_EQ(times[plan].disturbance, 2.5);
  }
}

}  // namespace
}  // namespace shardwright
