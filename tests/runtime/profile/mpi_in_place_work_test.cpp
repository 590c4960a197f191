#include "runtime/comm/mpi_communicator.hpp"
#include "runtime/profile/in_place_work.hpp"
#include "tests/runtime/comm/mapped_rank_memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>

namespace shardwright {
namespace {

TEST(InPlaceWork, TakesTheOtherProcessesShareInItsMemory) {
  const auto comm = make_mpi_communicator();
  ASSERT_TRUE(can_exchange_in_place(*comm));
  for (const CollectiveKind kind : kInPlace) {
    InPlaceWork work(*comm, kind, 65536);
    EXPECT_EQ(mapped_rank_memory(), 2) << to_string(kind);
    for (int pass = 0; pass < 3; ++pass) {
      work.look_up();
      const std::int64_t before = comm->traffic().bytes_sent;
      work.run();
      EXPECT_EQ(comm->traffic().bytes_sent - before, 65536 / 2) << to_string(kind);
    }
    comm->barrier();
  }
}

/// As training then sends messages.
TEST(InPlaceWork, IsNotForRanksOfWhichOneIsSetOff) {
  const auto comm = make_mpi_communicator();
  constexpr const char* kVariable = "SHARDWRIGHT_NODE_MEMORY";
  if (comm->rank() == RankId{1}) ::setenv(kVariable, "off", 1);
  EXPECT_FALSE(can_exchange_in_place(*comm));
  ::unsetenv(kVariable);
}

}  // namespace
}  // namespace shardwright
