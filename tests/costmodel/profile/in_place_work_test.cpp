#include "runtime/profile/in_place_work.hpp"

#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/comm/mapped_rank_memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace shardwright {
namespace {

// On ranks that map each other's memory.
template <class Check>
void with_work(std::int64_t ranks, CollectiveKind kind, std::int64_t bytes, const Check& check) {
  run_ranks(
      ranks,
      [&](Communicator& comm) {
        InPlaceWork work(comm, kind, bytes);
        check(comm, work);
        comm.barrier();
      },
      ThreadMemory::shared);
}

TEST(InPlaceWork, IsForRanksThatAllReachEachOther) {
  for (const ThreadMemory memory : {ThreadMemory::apart, ThreadMemory::shared}) {
    run_ranks(
        3,
        [&](Communicator& comm) {
          EXPECT_EQ(can_exchange_in_place(comm), memory == ThreadMemory::shared);
        },
        memory);
  }
}

TEST(InPlaceWork, IsOfTheBytesThatWereAskedForOnTwoRanks) {
  for (const CollectiveKind kind : kInPlace) {
    for (const std::int64_t bytes : {4096, 65536}) {
      with_work(2, kind, bytes, [&](Communicator&, const InPlaceWork& work) {
        EXPECT_EQ(work.bytes(), bytes) << to_string(kind);
      });
    }
  }
}

TEST(InPlaceWork, IsOfWholeSamplesOnAnyRanks) {
  for (const CollectiveKind kind : kInPlace) {
    with_work(3, kind, 1 << 18, [&](Communicator&, const InPlaceWork& work) {
      EXPECT_NEAR(static_cast<double>(work.bytes()), 1 << 18, 1 << 11) << to_string(kind);
    });
    with_work(3, kind, 1, [&](Communicator&, const InPlaceWork& work) {
      EXPECT_EQ(work.bytes(), 3 * 4 * 256) << to_string(kind);
    });
  }
}

/// A pass takes from, or gives to, each other rank its share of the bytes, in that rank's memory.
TEST(InPlaceWork, TakesEachOthersShareInItsMemoryEveryTime) {
  for (const CollectiveKind kind : kInPlace) {
    with_work(3, kind, 3 * 4 * 256 * 8, [&](Communicator& comm, InPlaceWork& work) {
      for (int pass = 0; pass < 3; ++pass) {
        work.look_up();
        const std::int64_t before = comm.traffic().bytes_sent;
        work.run();
        EXPECT_EQ(comm.traffic().bytes_sent - before, work.bytes() * 2 / 3) << to_string(kind);
      }
      comm.barrier();
      EXPECT_EQ(mapped_rank_memory(), 3 * 3) << to_string(kind);
    });
  }
}

}  // namespace
}  // namespace shardwright
