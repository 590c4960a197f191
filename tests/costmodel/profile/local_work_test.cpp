#include "runtime/profile/local_work.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>

namespace shardwright {
namespace {

TEST(LocalWork, IsOfTheBytesThatWereAskedForOnTwoRanks) {
  for (const CollectiveKind kind : kLocalWork) {
    for (const std::int64_t bytes : {4096, 65536}) {
      EXPECT_EQ(make_local_work(kind, bytes, 2).bytes, bytes) << to_string(kind);
    }
  }
}

TEST(LocalWork, IsOfWholeSamplesOnAnyRanks) {
  for (const CollectiveKind kind : kLocalWork) {
    for (const std::int64_t ranks : {3, 64}) {
      const LocalWork work = make_local_work(kind, 1 << 18, ranks);
      EXPECT_NEAR(static_cast<double>(work.bytes), 1 << 18, 1 << 17) << to_string(kind);
      EXPECT_EQ(work.bytes % 4, 0);
    }
    EXPECT_GT(make_local_work(kind, 1, 64).bytes, 0);
  }
}

TEST(LocalWork, CanBeDoneAgain) {
  for (const CollectiveKind kind : kLocalWork) {
    const LocalWork work = make_local_work(kind, 4096, 3);
    for (int i = 0; i < 3; ++i) EXPECT_NO_THROW(work.run()) << to_string(kind);
  }
}

TEST(LocalWork, IsNoCollective) {
  EXPECT_THROW(make_local_work(CollectiveKind::all_to_all, 4096, 2), std::logic_error);
}

}  // namespace
}  // namespace shardwright
