#include "planner/coverage.hpp"

#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A part of a 10 × 16 table.
Shard part(std::int64_t row_begin, std::int64_t row_end, std::int64_t col_begin,
           std::int64_t col_end) {
  return {TableId(0), ShardingType::grid, row_begin, row_end, col_begin, col_end, RankId(0)};
}

std::vector<std::string> problems(const std::vector<Shard>& shards) {
  return coverage_problems(sample_table("a", 10, 16), shards);
}

TEST(Coverage, AcceptsATiling) {
  EXPECT_THAT(problems({part(0, 10, 0, 16)}), IsEmpty());
  EXPECT_THAT(problems({part(0, 10, 8, 16), part(0, 10, 0, 8)}), IsEmpty());
  EXPECT_THAT(
      problems({part(0, 3, 0, 8), part(3, 10, 0, 8), part(0, 7, 8, 16), part(7, 10, 8, 16)}),
      IsEmpty());
}

TEST(Coverage, NamesEveryGap) {
  EXPECT_THAT(problems({part(0, 10, 4, 12)}),
              ElementsAre(HasSubstr("rows [0, 10) x columns [0, 4) are placed nowhere"),
                          HasSubstr("rows [0, 10) x columns [12, 16) are placed nowhere")));
  EXPECT_THAT(problems({part(0, 4, 0, 16), part(6, 10, 0, 16)}),
              ElementsAre(HasSubstr("rows [4, 6) x columns [0, 16) are placed nowhere")));
  EXPECT_THAT(problems({}), ElementsAre(HasSubstr("rows [0, 10) x columns [0, 16)")));
}

TEST(Coverage, NamesEveryOverlap) {
  EXPECT_THAT(problems({part(0, 10, 0, 8), part(0, 10, 4, 16)}),
              ElementsAre(HasSubstr("rows [0, 10) x columns [4, 8) are placed more than once")));
  EXPECT_THAT(problems({part(0, 6, 0, 16), part(4, 10, 0, 16)}),
              ElementsAre(HasSubstr("rows [4, 6) x columns [0, 16) are placed more than once")));
}

TEST(Coverage, JoinsStripsOfOneRectangle) {
  // The edge at row 5 of the right part cuts the gap on the left into two strips.
  EXPECT_THAT(problems({part(0, 5, 8, 16), part(5, 10, 8, 16)}),
              ElementsAre(HasSubstr("rows [0, 10) x columns [0, 8) are placed nowhere")));
}

TEST(Coverage, NamesNoMoreThanAnybodyReads) {
  std::vector<Shard> rows;  // every other one
  for (std::int64_t row = 0; row < 60'000; row += 2) rows.push_back(part(row, row + 1, 0, 16));
  const auto found = coverage_problems(sample_table("a", 60'000, 16), rows);
  EXPECT_EQ(found.size(), 10'000U);
}

TEST(Coverage, IsNotFooledByEqualAreas) {
  EXPECT_THAT(problems({part(0, 10, 0, 8), part(0, 10, 0, 8)}),
              ElementsAre(HasSubstr("columns [0, 8) are placed more than once"),
                          HasSubstr("columns [8, 16) are placed nowhere")));
}

}  // namespace
}  // namespace shardwright
