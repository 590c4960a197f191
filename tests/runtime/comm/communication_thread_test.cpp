#include "runtime/comm/communication_thread.hpp"

#include "costmodel/errors.hpp"
#include "runtime/comm/thread_communicator.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace shardwright {
namespace {

TEST(CommunicationThread, IsNamedAsInConfigs) {
  for (const char* name : {"auto", "on", "off"}) {
    EXPECT_EQ(to_string(parse_communication_thread(name)), name);
  }
  EXPECT_THROW(parse_communication_thread("yes"), InputError);
}

bool all_have_cores(const std::vector<RankCores>& ranks) {
  bool all = true;
  for (std::size_t r = 0; r < ranks.size(); ++r) all = all && has_cores_for_all(ranks, r);
  return all;
}

TEST(CommunicationThread, OfABoundRankNeedsACoreOfItsOwn) {
  EXPECT_TRUE(all_have_cores({{"a", "1100", 2}, {"a", "0011", 2}}));
  const std::vector<RankCores> narrow = {{"a", "1000", 2}, {"a", "0111", 2}};
  EXPECT_FALSE(has_cores_for_all(narrow, 0));
  EXPECT_TRUE(has_cores_for_all(narrow, 1));
}

/// Ranks that are not bound all see the same cores.
TEST(CommunicationThread, OfRanksThatShareCoresNeedsOneForEachOfTheirThreads) {
  EXPECT_TRUE(all_have_cores({{"a", "1111", 2}, {"a", "1111", 2}}));
  EXPECT_FALSE(has_cores_for_all(std::vector<RankCores>{{"a", "111", 2}, {"a", "111", 2}}, 0));
  EXPECT_FALSE(has_cores_for_all(std::vector<RankCores>{{"a", "110", 2}, {"a", "011", 1}}, 0));
  EXPECT_TRUE(all_have_cores({{"a", "11", 2}, {"b", "11", 2}}));  // hosts share none
}

/// Ranks may wish for different things; one that is alone has no messages.
TEST(CommunicationThread, IsWhatEachRankAsksFor) {
  run_ranks(3, [](Communicator& comm) {
    const bool is_first = comm.rank() == RankId{0};
    const auto choice = is_first ? CommunicationThread::on : CommunicationThread::off;
    EXPECT_EQ(gets_communication_thread(comm, choice, 1), is_first);
    const std::int64_t more_than_any_host_has = 1 << 20;
    EXPECT_FALSE(
        gets_communication_thread(comm, CommunicationThread::automatic, more_than_any_host_has));
  });
  run_ranks(1, [](Communicator& comm) {
    EXPECT_FALSE(gets_communication_thread(comm, CommunicationThread::automatic, 0));
    EXPECT_TRUE(gets_communication_thread(comm, CommunicationThread::on, 1));
  });
}

}  // namespace
}  // namespace shardwright
