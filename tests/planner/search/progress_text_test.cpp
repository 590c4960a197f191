#include "planner/search/progress_text.hpp"

#include <gtest/gtest.h>

namespace shardwright {
namespace {

TEST(ProgressText, NamesBestBoundAndGap) {
  EXPECT_EQ(progress_text({1.5, 1.25, 0.4}, Objective::step),
            "best 1.5 ms, bound 1.25 ms, gap 20.00 %, 40 % of its limit");
}

TEST(ProgressText, LeavesOutABoundThatThereIsNot) {
  EXPECT_EQ(progress_text({1.5, {}, 1}, Objective::max_sum), "best 1.5 ms, 100 % of its limit");
  EXPECT_EQ(progress_text({1.5, 0.0, 0}, Objective::memory), "best 1.5 GiB, 0 % of its limit");
}

TEST(ProgressText, FitsALineOfATerminal) {
  EXPECT_LT(progress_text({-1.2345e-100, 1.2345e-100, 1}, Objective::memory).size(), 79U);
}

}  // namespace
}  // namespace shardwright
