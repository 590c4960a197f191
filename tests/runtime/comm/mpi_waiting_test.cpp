// How a rank waits for others.

#include "runtime/comm/collectives.hpp"
#include "runtime/comm/idle_pauses.hpp"
#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/comm/shared_cores.hpp"
#include "tests/runtime/comm/counted_yields.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace shardwright {
namespace {

constexpr const char* kYield = "OMPI_MCA_mpi_yield_when_idle";

/// How often a process has gone to sleep.
std::int64_t sleeps_of(const std::string& process) {
  const std::string name = "voluntary_ctxt_switches:";
  std::ifstream status(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size()));
  }
  return 0;
}

/// Whether the process goes to sleep again and again while it is watched.
bool falls_asleep(const std::string& process) {
  constexpr int kOften = 20;
  constexpr int kMostLooks = 500;
  const std::int64_t before = sleeps_of(process);
  for (int look = 0; look < kMostLooks; ++look) {
    if (sleeps_of(process) >= before + kOften) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// Rank 0 comes once it has seen the last rank sleep.
TEST(MpiWaiting, ARankSleepsWhereRanksShareCores) {
  ::setenv(kYield, "1", 1);
  const auto comm = make_mpi_communicator();
  ::unsetenv(kYield);
  if (comm->size() == 1) GTEST_SKIP() << "needs a peer";
  const std::string last = all_gather(*comm, fmt::to_string(::getpid())).back();
  if (comm->rank() == RankId{0}) {
    EXPECT_TRUE(falls_asleep(last));
  }
  comm->barrier();
}

/// It may have the core that the other needs. Where Open MPI is told to yield, this counts its
/// calls too.
TEST(MpiWaiting, ARankThatStaysAwakeLetsOthersRunInBetween) {
  const auto comm = make_mpi_communicator();
  if (comm->size() == 1) GTEST_SKIP() << "needs a peer";
  comm->set_waits_awake(true);
  comm->barrier();
  const std::int64_t before = counted_yields();
  if (comm->rank() == RankId{0}) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  comm->barrier();
  if (comm->rank() != RankId{0}) {
    EXPECT_GT(counted_yields(), before + 10);
  }
}

/// Cores that a process may run on, as before once it ends.
class Cores {
 public:
  Cores() { EXPECT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0); }
  ~Cores() { sched_setaffinity(0, sizeof before_, &before_); }
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;
  /// Returns whether the system lets it.
  static bool set(std::size_t core) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
  }

 private:
  cpu_set_t before_ = {};
};

TEST(MpiWaiting, RanksShareCoresThatAreFewerThanThey) {
  const auto comm = make_mpi_communicator();
  const Cores before;
  const std::string first = all_gather(*comm, fmt::to_string(sched_getcpu())).front();
  ASSERT_TRUE(Cores::set(std::stoul(first)));
  EXPECT_EQ(ranks_share_cores(), comm->size() > 1);
  const bool has_own = Cores::set(comm->rank().index());
  const std::vector<std::string> all = all_gather(*comm, has_own ? "its own" : "none");
  if (std::count(all.begin(), all.end(), "its own") < std::ssize(all)) return;
  EXPECT_FALSE(ranks_share_cores());
}

TEST(IdlePauses, ComeAfterAWhileGrowToALimitAndBeginAnew) {
  IdlePauses pauses;
  const auto looks_awake = [&] {
    int looks = 0;
    while (pauses.next().count() == 0) ++looks;
    return looks;
  };
  const int first = looks_awake();
  EXPECT_GT(first, 10);
  std::chrono::microseconds pause = pauses.next();
  EXPECT_EQ(pause.count(), 20);
  for (int i = 0; i < 100; ++i) pause = pauses.next();
  EXPECT_EQ(pause.count(), 320);
  pauses.restart();
  EXPECT_EQ(looks_awake(), first);
}

}  // namespace
}  // namespace shardwright
