#include "planner/diff/plan_diff.hpp"
#include "tests/planner/sample_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

Plan whole_tables(const std::vector<std::pair<std::int64_t, std::int64_t>>& dim_and_rank,
                  std::size_t ranks) {
  return shardwright::whole_tables(dim_and_rank, std::vector<std::int64_t>(ranks, kPlenty));
}

TEST(DiffPlans, IsEmptyBetweenAPlanAndItself) {
  const Plan plan = whole_tables({{16, 0}, {8, 1}}, 2);
  const PlanDiff diff = diff_plans(plan, plan);
  EXPECT_EQ(diff.moved, Bytes(0));
  EXPECT_EQ(diff.same, 2U);
  EXPECT_TRUE(diff.tables.empty());
}

TEST(DiffPlans, NamesWhatMovesPerRankAndTheGain) {
  const Plan before = whole_tables({{16, 0}, {8, 0}}, 2);
  const Plan after = whole_tables({{16, 0}, {8, 1}, {4, 1}}, 2);
  const PlanDiff diff = diff_plans(before, after);
  EXPECT_EQ(diff.moved, Bytes(3200));
  EXPECT_EQ(diff.fresh, Bytes(1600));
  EXPECT_EQ(diff.ranks[1].received, Bytes(3200));
  EXPECT_EQ(diff.ranks[0].sent, Bytes(3200));
  ASSERT_EQ(diff.tables.size(), 2U);
  EXPECT_EQ(diff.tables[0].change, TableChange::moved);
  EXPECT_EQ(diff.tables[1].change, TableChange::added);
  const auto json = diff_to_json(before, after, diff);
  EXPECT_DOUBLE_EQ(json["gain_ms"], 24 - 16);
  EXPECT_THAT(diff_to_text(before, after, diff), HasSubstr("3.12 KiB move between ranks"));
}

TEST(DiffPlans, TellsCutsTypesAndRemovals) {
  const Plan before = whole_tables({{16, 0}, {8, 0}, {8, 1}}, 2);
  Plan after = whole_tables({{16, 0}, {8, 1}}, 2);
  after.shards = {{TableId(0), ShardingType::column_wise, 0, 100, 0, 8, RankId(0)},
                  {TableId(0), ShardingType::column_wise, 0, 100, 8, 16, RankId(1)},
                  {TableId(1), ShardingType::table_wise, 0, 100, 0, 8, RankId(1)}};
  const PlanDiff diff = diff_plans(before, after);
  EXPECT_EQ(diff.tables[0].change, TableChange::retyped);
  EXPECT_EQ(diff.tables[1].change, TableChange::moved);
  EXPECT_EQ(diff.tables[2].change, TableChange::removed);
}

TEST(DiffPlans, NamesATableThatIsExchangedOtherwise) {
  const Plan before = whole_tables({{16, 0}, {8, 1}}, 2);
  Plan after = before;
  after.unique_rows = {TableId(1)};
  const PlanDiff diff = diff_plans(before, after);
  ASSERT_EQ(diff.tables.size(), 1U);
  EXPECT_EQ(diff.tables[0].change, TableChange::exchanged);
  EXPECT_EQ(diff.tables[0].before, "table_wise on rank 1");
  EXPECT_EQ(diff.tables[0].after, "table_wise on rank 1, unique rows");
  EXPECT_EQ(diff.moved, Bytes(0));
}

}  // namespace
}  // namespace shardwright
