#include "costmodel/timings/least_of_repeats.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

ComputeTiming timing(std::int64_t variant, double forward_ms, double backward_ms) {
  ComputeTiming row;
  row.hardware = "AMD EPYC";
  row.variant = variant;
  row.batch_size = 512;
  row.tables = {{1000, 16, 2.5, 1.05}};
  row.forward_ms = forward_ms;
  row.forward_ci = forward_ms / 100;
  row.backward_ms = backward_ms;
  row.backward_ci = backward_ms / 100;
  return row;
}

TEST(LeastOfRepeats, TakesTheLeastOfEitherHalf) {
  const auto rows = least_of_repeats({timing(0, 2, 7), timing(1, 1, 1), timing(0, 3, 5)});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], timing(0, 2, 5));
  EXPECT_EQ(rows[1], timing(1, 1, 1));
}

TEST(LeastOfRepeats, TakesWholeRunsWhereTheSpeedOfEachIsKnown) {
  ComputeTiming busy = timing(0, 2, 7);
  busy.probe = {{20, 1, 4}};
  ComputeTiming quiet = timing(0, 3, 5);
  quiet.probe = {{20, 1, 7}};
  EXPECT_EQ(least_of_repeats({busy, quiet}), std::vector<ComputeTiming>{quiet});
  EXPECT_EQ(least_of_repeats({quiet, busy}), std::vector<ComputeTiming>{quiet});
  const ComputeTiming unknown = timing(0, 2.5, 5);
  EXPECT_EQ(least_of_repeats({unknown, busy}), std::vector<ComputeTiming>{unknown});
  EXPECT_EQ(least_of_repeats({busy, unknown}), std::vector<ComputeTiming>{unknown});
}

TEST(LeastOfRepeats, KeepsMeasurementsApart) {
  ComputeTiming busy = timing(0, 2, 7);
  busy.busy_ranks = 2;
  ComputeTiming seed = timing(0, 2, 7);
  seed.seed = 9;
  ComputeTiming set = timing(0, 2, 7);
  set.set = 4;
  ComputeTiming hardware = timing(0, 2, 7);
  hardware.hardware = "Xeon";
  EXPECT_EQ(least_of_repeats({timing(0, 1, 1), busy, seed, set, hardware}).size(), 5U);
}

TEST(LeastOfRepeats, RefusesOtherTablesUnderTheSameName) {
  ComputeTiming other = timing(0, 2, 7);
  other.tables.front().rows = 999;
  try {
    least_of_repeats({timing(0, 1, 1), other});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("these are no repeats"));
  }
}

}  // namespace
}  // namespace shardwright
