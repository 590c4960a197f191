#include "runtime/embedding/sort_order.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {
namespace {

using Sizes = std::vector<std::size_t>;

SortOrder order_of(const Sizes& ids, std::int64_t threads) {
  Workers workers(threads);
  return sort_order(ids, workers);
}

TEST(SortOrder, HasTheLongestFirst) {
  EXPECT_EQ(order_of({5, 100, 5, 0, 70}, 2).lists, (Sizes{1, 4, 0, 2, 3}));
  EXPECT_TRUE(order_of({}, 2).lists.empty());
}

/// One thread's each: to share the work on a list has a price.
TEST(SortOrder, LeavesSmallListsWhole) {
  EXPECT_EQ(order_of({5, 100, 30'000}, 2).shared, 0U);
  EXPECT_EQ(order_of(Sizes(8, 100'000), 2).shared, 0U) << "enough of them for the threads";
}

TEST(SortOrder, SharesListsThatOneThreadWouldBeLateWith) {
  EXPECT_EQ(order_of({20'000, 1'000'000, 300'000, 400'000}, 2).shared, 1U);
  EXPECT_EQ(order_of({40'000, 5, 40'000}, 2).shared, 2U);
  EXPECT_EQ(order_of({1'000'000}, 1).shared, 0U) << "there is no other thread";
}

}  // namespace
}  // namespace shardwright
