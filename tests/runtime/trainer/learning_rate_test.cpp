#include "runtime/trainer/learning_rate.hpp"

#include <gtest/gtest.h>

namespace shardwright {
namespace {

// Every expected rate is worked out by hand.
TEST(LearningRate, WarmsUpStaysAndDecays) {
  const LearningRateSchedule schedule{.warmup_steps = 4, .decay_start = 6, .decay_steps = 10};

  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 0), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 2), 1.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 3), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 4), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 5), 2);              // nothing of ten is gone
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 6), 2 * 0.9 * 0.9);  // a tenth is
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 10), 2 * 0.5 * 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 14), 2 * 0.1 * 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 2, 1000), 2 * 0.1 * 0.1);  // and stays there
}

TEST(LearningRate, TakesItsPowerAndItsEnd) {
  const LearningRateSchedule schedule{.warmup_steps = 0,
                                      .decay_start = 0,
                                      .decay_steps = 4,
                                      .decay_power = 1,
                                      .end_learning_rate = 0.4};

  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 1, 0), 0.75);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 1, 1), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 1, 2), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 1, 900), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate_at(schedule, 0.3, 900), 0.3) << "the end raises no rate";
}

TEST(LearningRate, WithoutDecayStays) {
  EXPECT_DOUBLE_EQ(learning_rate_at({}, 0.01, 0), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at({}, 0.01, 123456789), 0.01);
}

}  // namespace
}  // namespace shardwright
