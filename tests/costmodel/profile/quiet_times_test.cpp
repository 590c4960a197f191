#include "runtime/profile/quiet_times.hpp"

#include "runtime/bench/disturbance.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shardwright {
namespace {

TEST(QuietTimes, LeavesOutDisturbedPassesAndCountsThem) {
  QuietTimes times;
  for (const double ms : {2.0, 2.1, 2.2}) times.add(ms, 0.95, {{ms, 1, 2}});
  for (int i = 0; i < 4; ++i) times.add(9, 1.3, {{50, 1, 2}});
  EXPECT_EQ(times.quiet(), 3);
  EXPECT_EQ(times.probe(3), (MachineProbe{{2.1, 1, 2}}));
  const MedianTime median = times.median(3);
  EXPECT_DOUBLE_EQ(median.ms, 2.1);
  EXPECT_EQ(median.outliers, 4U);
}

TEST(QuietTimes, TakesTheLeastDisturbedWhereTooFewWereQuiet) {
  QuietTimes times;
  times.add(9, 1.9, {});
  times.add(3, 1.2, {});
  times.add(2, 0.9, {});
  times.add(8, 1.8, {});
  times.add(4, 1.3, {});
  EXPECT_EQ(times.quiet(), 1);
  const MedianTime median = times.median(3);
  EXPECT_DOUBLE_EQ(median.ms, 3);
  EXPECT_EQ(median.outliers, 2U);
}

TEST(QuietLevel, IsTheLowerTenthOfTheLastTimes) {
  QuietLevel level;
  EXPECT_DOUBLE_EQ(level.ratio(3), 1);
  for (int i = 0; i < 20; ++i) level.ratio(2);
  for (int i = 0; i < 50; ++i) level.ratio(4);
  EXPECT_DOUBLE_EQ(level.ratio(4), 2);
  for (int i = 0; i < 1024; ++i) level.ratio(8);
  EXPECT_DOUBLE_EQ(level.ratio(4), 0.5);  // the machine has become slower for good
}

TEST(Disturbance, MeasuresWhatItCompares) {
  Disturbance disturbance;
  for (int i = 0; i < 20; ++i) {
    const Moment now = disturbance.now();
    ASSERT_TRUE(std::isfinite(now.disturbance));
    ASSERT_GT(now.disturbance, 0);
    for (const double rate : now.probe.rates) {
      ASSERT_TRUE(std::isfinite(rate));
      ASSERT_GT(rate, 0);
    }
  }
}

}  // namespace
}  // namespace shardwright
