#include "costmodel/train/neuroshard_comm.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/train/hold_out.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace shardwright {
namespace {

std::vector<CommTiming> timings_on(std::int64_t ranks, double us_per_megabyte) {
  std::vector<CommTiming> rows;
  for (std::int64_t i = 1; i <= 40; ++i) {
    const double bytes = static_cast<double>(i) * (1 << 20);
    rows.push_back({{"fast", "", "lib"},
                    {CollectiveKind::all_to_all, ranks, 1, bytes, 4},
                    us_per_megabyte * static_cast<double>(i),
                    1});
  }
  return rows;
}

TEST(NeuroshardComm, LearnsANetForEachNumberOfRanks) {
  std::vector<CommTiming> rows = timings_on(2, 50);
  const std::vector<CommTiming> four = timings_on(4, 200);
  rows.insert(rows.end(), four.begin(), four.end());
  const std::vector<CommTiming> asked = {rows[30], rows[70]};
  const std::vector<double> us = neuroshard_comm_us(rows, asked, {1, 1000});
  EXPECT_NEAR(us[0] / asked[0].time_us, 1, 0.1);
  EXPECT_NEAR(us[1] / asked[1].time_us, 1, 0.1);
}

TEST(NeuroshardComm, TellsEarlyFromLateRanksAndSmallFromLargeSizes) {
  std::vector<CommTiming> rows = timings_on(2, 50);
  const std::size_t even = rows.size();
  for (std::size_t i = 0; i < even; ++i) {
    CommTiming row = rows[i];
    row.call.mean_bytes = row.call.bytes / 2;  // the other rank has nothing
    row.time_us *= 2;
    rows.push_back(row);
    row = rows[i];
    row.call.wait_us = 1e6;
    row.time_us *= 4;
    rows.push_back(row);
  }
  const std::vector<CommTiming> asked = {rows[35], rows[even + 70], rows[even + 71]};
  const std::vector<double> us = neuroshard_comm_us(rows, asked, {1, 1500});
  EXPECT_NEAR(us[1] / us[0], 2, 0.3);
  EXPECT_NEAR(us[2] / us[0], 4, 0.6);
}

TEST(NeuroshardComm, SaysNoLessThanTheShortestTime) {
  const std::vector<CommTiming> rows = timings_on(2, 50);
  CommTiming small = rows.front();
  small.call.bytes = 1;
  EXPECT_GE(neuroshard_comm_us(rows, std::vector{small}, {1, 5}).front(), rows.front().time_us);
}

TEST(NeuroshardComm, GivesTheSameForTheSameSeed) {
  const std::vector<CommTiming> rows = timings_on(2, 50);
  EXPECT_EQ(neuroshard_comm_us(rows, rows, {3, 20}), neuroshard_comm_us(rows, rows, {3, 20}));
  EXPECT_NE(neuroshard_comm_us(rows, rows, {3, 20}), neuroshard_comm_us(rows, rows, {4, 20}));
}

TEST(NeuroshardComm, RefusesWhatNoNetWasTrainedOn) {
  const std::vector<CommTiming> rows = timings_on(2, 50);
  EXPECT_THROW(neuroshard_comm_us(rows, timings_on(4, 50), {}), InputError);
  const std::vector<CommTiming> few(rows.begin(), rows.begin() + 9);
  EXPECT_THROW(neuroshard_comm_us(few, few, {}), InputError);
}

TEST(HoldOut, ComparesNetsOnWholeSizesOnly) {
  const std::vector<CommTiming> rows = timings_on(2, 50);
  const auto ignore = [](const std::string&) {};
  FitOptions options;
  options.most_iterations = 10;
  const auto result = hold_out(rows, HoldOut::sizes, CommArchitecture::neuroshard, options, ignore);
  EXPECT_EQ(result.size(), rows.size());
  for (const HoldOut what : {HoldOut::ranks, HoldOut::hardware}) {
    EXPECT_THROW(hold_out(rows, what, CommArchitecture::neuroshard, options, ignore), UsageError);
  }
}

}  // namespace
}  // namespace shardwright
