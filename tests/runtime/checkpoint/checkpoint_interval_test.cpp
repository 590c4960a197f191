#include "runtime/checkpoint/checkpoint_interval.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

TEST(CheckpointInterval, CountsStepsOrTime) {
  EXPECT_EQ(parse_checkpoint_interval("1000 steps").steps, 1000);
  EXPECT_EQ(parse_checkpoint_interval("1e3steps").steps, 1000);
  EXPECT_EQ(parse_checkpoint_interval("1 step").steps, 1);
  EXPECT_EQ(parse_checkpoint_interval("10min").seconds, 600.0);
  EXPECT_EQ(parse_checkpoint_interval("1.5 h").seconds, 5400.0);
  EXPECT_EQ(parse_checkpoint_interval("90s").seconds, 90.0);
  EXPECT_TRUE(parse_checkpoint_interval("90s").regularly());
  EXPECT_FALSE(parse_checkpoint_interval("90s").never());
}

TEST(CheckpointInterval, MayBeOnSignalsAloneOrNever) {
  EXPECT_TRUE(parse_checkpoint_interval("signal").on_signals);
  EXPECT_FALSE(parse_checkpoint_interval("signal").regularly());
  EXPECT_TRUE(parse_checkpoint_interval("never").never());
}

TEST(CheckpointInterval, RefusesAnythingElse) {
  for (const char* text : {"", "10", "0 steps", "1.5 steps", "-3s", "10 minutes", "steps", "inf s",
                           "nan s", "1e30 steps", "10min "}) {
    EXPECT_THROW(parse_checkpoint_interval(text), InputError) << text;
  }
}

}  // namespace
}  // namespace shardwright
