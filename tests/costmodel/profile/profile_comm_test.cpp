#include "runtime/profile/profile_comm.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/timings/comm_timings.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>
#include <thread>

namespace shardwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kRanks = 3;
constexpr std::int64_t kCallsOfASize = 11;
constexpr std::int64_t kLocalCallsOfASize = 5;
constexpr std::int64_t kInPlaceCallsOfASize = 3;

std::int64_t sum_of(const std::vector<std::vector<std::int64_t>>& blocks) {
  std::int64_t sum = 0;
  for (const auto& row : blocks) sum = std::accumulate(row.begin(), row.end(), sum);
  return sum;
}

TEST(CommProfileCalls, CoverSizesAndCollectivesEvenUnevenAndDelayed) {
  const std::vector<ProfiledCall> calls = comm_profile_calls();
  constexpr std::size_t kCollectives = 21U * kCallsOfASize;
  constexpr std::size_t kLocal = 8U * kLocalCallsOfASize;
  ASSERT_EQ(calls.size(), kCollectives + kLocal + 8U * kInPlaceCallsOfASize);
  EXPECT_EQ(calls.front().bytes, 512);
  EXPECT_EQ(calls[kCollectives - 1].bytes, 512 << 20);
  EXPECT_EQ(calls[kCollectives].bytes, 4096);
  EXPECT_EQ(calls.back().bytes, 64 << 20);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].index, static_cast<std::int64_t>(i));
    EXPECT_EQ(is_of_samples(calls[i].operation), i >= kCollectives);
    EXPECT_EQ(is_in_place(calls[i].operation), i >= kCollectives + kLocal);
  }
}

TEST(CommProfileCalls, ShareTheirBytesOutUnevenlyButWhole) {
  ProfiledCall call{7, CollectiveKind::all_to_all, 1 << 20, Imbalance::senders, true};
  const auto blocks = blocks_of(call, 4, 1);
  EXPECT_EQ(blocks, blocks_of(call, 4, 1));
  EXPECT_NE(blocks, blocks_of(call, 4, 2));
  EXPECT_NE(blocks[0][0], blocks[1][0]);
  EXPECT_EQ(blocks[0][0], blocks[0][3]);  // each sends alike to all
  EXPECT_NEAR(static_cast<double>(sum_of(blocks)), 4.0 * (1 << 20), 16);
  call.imbalance = Imbalance::receivers;
  EXPECT_EQ(blocks_of(call, 4, 1)[0][2], blocks[2][0]);
  const std::vector<double> delays = delays_of(call, 4, 1);
  EXPECT_NE(delays[0], delays[1]);
  call.delayed = false;
  EXPECT_EQ(delays_of(call, 4, 1), std::vector<double>(4));
}

TEST(CommProfileCalls, NeedTheMemoryOfTheirBusiestRank) {
  const ProfiledCall call{0, CollectiveKind::all_to_all, 1 << 20, Imbalance::none, false};
  EXPECT_EQ(memory_of(call, 4, 1), 3 << 20);
  ProfiledCall uneven = call;
  uneven.imbalance = Imbalance::senders;
  const auto blocks = blocks_of(uneven, 4, 1);
  std::int64_t busiest = 0;
  for (const auto& row : blocks) {
    busiest = std::max(busiest, std::accumulate(row.begin(), row.end(), std::int64_t{0}));
  }
  EXPECT_GE(memory_of(uneven, 4, 1), busiest + call.bytes);
}

class ProfileComm : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.output = folder_ / "timings.csv";
    options_.most_bytes = Bytes{1024};
    options_.hardware = "a machine";
    options_.library = "threads";
    options_.effort = {2, 2, 1, 1000};
  }

  CommProfileEnd run(std::int64_t ranks = kRanks, ThreadMemory memory = ThreadMemory::apart) {
    CommProfileEnd end;
    run_ranks(
        ranks,
        [&](Communicator& comm) {
          const CommProfileEnd mine =
              profile_comm(comm, options_, [&](const CommProfileProgress&) { ++progress_; });
          if (comm.rank() == RankId{0}) end = mine;
        },
        memory);
    return end;
  }
  std::string content() const {
    std::ostringstream text;
    text << std::ifstream(options_.output).rdbuf();
    return text.str();
  }

  TemporaryFolder folder_;
  CommProfileOptions options_;
  std::int64_t progress_ = 0;
};

TEST_F(ProfileComm, MeasuresEveryCallOnEveryRank) {
  const CommProfileEnd end = run();
  EXPECT_EQ(end.measured, 2 * kCallsOfASize);
  EXPECT_EQ(end.total, 2 * kCallsOfASize);
  EXPECT_EQ(progress_, 2 * kCallsOfASize);
  const CommTimings timings = parse_comm_timings(content(), "t.csv");
  std::size_t lines = timings.rows.size();
  for (const DroppedRows& dropped : timings.dropped) lines += dropped.count;
  EXPECT_EQ(lines, 2U * (4 + 7 * kRanks));
  EXPECT_THAT(timings.rows.front().setting.link, HasSubstr("shared memory"));
  bool uneven = false;
  bool waits = false;
  for (const CommTiming& row : timings.rows) {
    EXPECT_EQ(row.call.ranks, kRanks);
    EXPECT_EQ(row.call.nodes, 1);
    uneven = uneven || row.call.mean_bytes > 0;
    waits = waits || row.call.wait_us > 0;
  }
  EXPECT_TRUE(uneven);
  EXPECT_TRUE(waits);
}

TEST_F(ProfileComm, AddsLocalWorkToAFileWithoutItAheadOfLargerSizes) {
  options_.most_bytes = Bytes{2048};
  run(2);
  const std::string without = content();
  progress_ = 0;
  options_.most_bytes = Bytes{4096};
  run(2);
  EXPECT_EQ(progress_, kCallsOfASize + kLocalCallsOfASize);
  ASSERT_TRUE(content().starts_with(without));
  const std::size_t first = parse_comm_timings(without, "t.csv").rows.size();
  const CommTimings timings = parse_comm_timings(content(), "t.csv");
  std::set<std::string> operations;
  for (std::size_t i = first; i < first + kLocalCallsOfASize; ++i) {
    const CommTiming& row = timings.rows.at(i);
    operations.emplace(to_string(row.call.operation));
    EXPECT_EQ(row.call.bytes, 4096);
    EXPECT_EQ(row.call.ranks, 2);
    EXPECT_EQ(row.call.mean_bytes + row.call.wait_us, 0);
    EXPECT_EQ(row.probe.known(), std::thread::hardware_concurrency() >= 2);
    EXPECT_GT(row.time_us, 0);
  }
  EXPECT_THAT(operations, ElementsAre("add_partial_sums", "pack_gradients", "pack_ids",
                                      "place_outputs", "split_ids"));
  EXPECT_FALSE(is_local(timings.rows.at(first + kLocalCallsOfASize).call.operation));
}

TEST_F(ProfileComm, MeasuresExchangesInPlaceWhereRanksReachEachOther) {
  options_.most_bytes = Bytes{4096};
  const CommProfileEnd apart = run(2);
  EXPECT_EQ(apart.apart, kInPlaceCallsOfASize);
  const std::string without = content();
  const CommProfileEnd end = run(2, ThreadMemory::shared);
  EXPECT_EQ(end.apart, 0);
  EXPECT_EQ(end.total, apart.total + kInPlaceCallsOfASize);
  EXPECT_EQ(end.measured, end.total);
  ASSERT_TRUE(content().starts_with(without));
  const CommTimings added = parse_comm_timings(content(), "t.csv");
  const std::size_t first = parse_comm_timings(without, "t.csv").rows.size();
  std::vector<std::string> operations;
  for (std::size_t i = first; i < added.rows.size(); ++i) {
    const CommTiming& row = added.rows[i];
    operations.emplace_back(to_string(row.call.operation));
    EXPECT_EQ(row.call.bytes, 4096);
    EXPECT_GT(row.time_us, 0);
  }
  EXPECT_THAT(operations, ElementsAre("values_in_place", "sums_in_place", "gradients_in_place"));
}

TEST_F(ProfileComm, GoesOnAfterItsLastWholeCall) {
  options_.most_bytes = Bytes{512};
  run();
  const std::string whole = content();
  // The last call has a line for each rank: cut the last of them off in its middle.
  std::ofstream(options_.output) << whole.substr(0, whole.size() - 20);
  progress_ = 0;
  run();
  EXPECT_EQ(progress_, 1);
  const std::string again = content();
  std::size_t kept = whole.size() - 1;  // without the lines of the last call
  for (std::int64_t i = 0; i < kRanks; ++i) kept = whole.rfind('\n', kept - 1);
  EXPECT_TRUE(again.starts_with(whole.substr(0, kept + 1)));
  EXPECT_EQ(std::count(again.begin(), again.end(), '\n'),
            std::count(whole.begin(), whole.end(), '\n'));
  progress_ = 0;
  EXPECT_EQ(run().measured, kCallsOfASize);
  EXPECT_EQ(progress_, 0);
  EXPECT_EQ(content(), again);
  run(2);  // other ranks, the same file
  EXPECT_EQ(progress_, kCallsOfASize);
  EXPECT_TRUE(content().starts_with(again));
}

TEST_F(ProfileComm, EndsWithItsBudget) {
  options_.budget_seconds = 0;
  const CommProfileEnd end = run();
  EXPECT_EQ(end.measured, 0);
  EXPECT_EQ(end.total, 2 * kCallsOfASize);
}

TEST_F(ProfileComm, RefusesOneRankAndAFileOfSomethingElse) {
  EXPECT_THROW(run(1), Error);
  EXPECT_FALSE(std::filesystem::exists(options_.output));
  for (const std::string text :
       {"my thesis\n", "# shardwright.timings/1\n# kind: compute\nhardware\n"}) {
    std::ofstream(options_.output) << text;
    EXPECT_THROW(run(), Error);
    EXPECT_EQ(content(), text);
  }
}

}  // namespace
}  // namespace shardwright
