#include "runtime/comm/mpi_communicator.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <vector>

namespace shardwright {
namespace {

constexpr const char* kVariable = "SHARDWRIGHT_NODE_MEMORY";

std::vector<bool> all_but(const Communicator& comm, RankId alone) {
  std::vector<bool> expected(static_cast<std::size_t>(comm.size()), comm.rank() != alone);
  expected[alone.index()] = false;
  expected[comm.rank().index()] = false;
  return expected;
}

TEST(RanksBeside, AreAllOthersOfOneHostAndCostNoTraffic) {
  const auto comm = make_mpi_communicator();
  std::vector<bool> others(static_cast<std::size_t>(comm->size()), true);
  others[comm->rank().index()] = false;
  EXPECT_EQ(comm->ranks_beside(), others);
  EXPECT_EQ(comm->traffic().bytes_sent, 0);
  EXPECT_EQ(comm->traffic().messages_sent, 0);
}

TEST(RanksBeside, ComeInMessagesOfAnySize) {
  const auto comm = make_mpi_communicator(7);
  std::vector<bool> others(static_cast<std::size_t>(comm->size()), true);
  others[comm->rank().index()] = false;
  EXPECT_EQ(comm->ranks_beside(), others);
}

TEST(RanksBeside, DoNotHaveOneThatIsSetOff) {
  const auto comm = make_mpi_communicator();
  if (comm->rank() == RankId{1}) ::setenv(kVariable, "off", 1);
  EXPECT_EQ(comm->ranks_beside(), all_but(*comm, RankId{1}));
  ::unsetenv(kVariable);
}

/// The room is found out at the start, when messages can still do without.
TEST(RanksBeside, DoNotHaveOneWithoutRoom) {
  const auto comm = make_mpi_communicator();
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  if (comm->rank() == RankId{0}) {
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  }
  const std::vector<bool> beside = comm->ranks_beside();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(beside, all_but(*comm, RankId{0}));
}

}  // namespace
}  // namespace shardwright
