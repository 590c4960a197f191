#include "runtime/comm/turns.hpp"

#include "runtime/comm/mpi_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace shardwright {
namespace {

TEST(TakeTurns, LeavesAllResultsAsTheyAre) {
  const auto comm = make_mpi_communicator();
  const Plan plan = synthetic::make_plan({.optimizer = OptimizerKind::rowwise_adagrad},
                                         synthetic::Sharding::mixed, comm->size(), 1);
  const synthetic::Outcome expected = synthetic::run(plan, *comm);
  EXPECT_TRUE(synthetic::run(plan, *take_turns(*comm)) == expected);
}

TEST(TakeTurns, CountsTheSameTraffic) {
  const auto comm = make_mpi_communicator();
  const auto turns = take_turns(*comm);
  const std::vector<std::byte> sent(7);
  const auto ranks = static_cast<std::size_t>(comm->size());
  std::vector<std::vector<std::byte>> received(ranks, std::vector<std::byte>(sent.size()));
  turns->all_to_all(std::vector<Communicator::SendBlock>(ranks, sent),
                    std::vector<Communicator::ReceiveBlock>(received.begin(), received.end()));
  EXPECT_EQ(turns->traffic().bytes_sent, 7 * (comm->size() - 1));
  EXPECT_EQ(turns->traffic().messages_sent, comm->size() - 1);
}

TEST(TakeTurns, LetsRanksReachEachOthersMemoryAsBefore) {
  const auto comm = make_mpi_communicator();
  const std::vector<bool> beside = comm->ranks_beside();
  EXPECT_EQ(take_turns(*comm)->ranks_beside(), beside);
}

/// Every rank works for a while, which the others must sleep through, off their clocks.
TEST(TakeTurns, CountsOnlyARanksOwnTurns) {
  constexpr double kWorkMs = 30;
  const auto comm = make_mpi_communicator();
  const auto turns = take_turns(*comm);
  const double wall_start = comm->clock_ms();
  const double start = turns->clock_ms();
  const double work_start = turns->clock_ms();
  while (turns->clock_ms() - work_start < kWorkMs) usleep(100);
  turns->barrier();
  const double own = turns->clock_ms() - start;
  EXPECT_GE(own, kWorkMs);
  // By the wall clock a rank has also waited for all ranks after it.
  const auto later_ranks = static_cast<double>(comm->size() - 1 - comm->rank().value());
  EXPECT_GE(comm->clock_ms() - wall_start, own + kWorkMs * later_ranks - 1);
}

}  // namespace
}  // namespace shardwright
