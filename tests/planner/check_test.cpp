#include "planner/check.hpp"

#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two tables of 10 × 16 on two nodes of two ranks with 2000 bytes each, weights only: 640 bytes a
// table. Both table-wise.
Plan sample_plan() {
  Plan plan;
  plan.workload = {{sample_table("a", 10, 16), sample_table("b", 10, 16)}, 4};
  plan.topology = sample_topology({2000, 2000, 2000, 2000}, 2);
  plan.memory_model = MemoryModel::weights;
  plan.shards = {{TableId(0), ShardingType::table_wise, 0, 10, 0, 16, RankId(0)},
                 {TableId(1), ShardingType::table_wise, 0, 10, 0, 16, RankId(1)}};
  return plan;
}

// The same with table "b" in the given shards.
Plan with_b(const std::vector<Shard>& shards) {
  Plan plan = sample_plan();
  plan.shards.pop_back();
  plan.shards.insert(plan.shards.end(), shards.begin(), shards.end());
  return plan;
}

Shard b(ShardingType type, std::int64_t row_begin, std::int64_t row_end, std::int64_t col_begin,
        std::int64_t col_end, std::optional<RankId> rank) {
  return {TableId(1), type, row_begin, row_end, col_begin, col_end, rank};
}

using enum ShardingType;

TEST(CheckPlan, AcceptsEveryTypeAsItIsMeant) {
  EXPECT_THAT(check_plan(sample_plan()), IsEmpty());
  EXPECT_THAT(check_plan(with_b({b(data_parallel, 0, 10, 0, 16, {})})), IsEmpty());
  EXPECT_THAT(check_plan(with_b({b(column_wise, 0, 10, 0, 4, RankId(3)),
                                 b(column_wise, 0, 10, 4, 16, RankId(0))})),
              IsEmpty());
  EXPECT_THAT(check_plan(with_b(
                  {b(row_wise, 0, 7, 0, 16, RankId(3)), b(row_wise, 7, 10, 0, 16, RankId(0))})),
              IsEmpty());
  EXPECT_THAT(check_plan(with_b({b(table_row_wise, 0, 5, 0, 16, RankId(2)),
                                 b(table_row_wise, 5, 10, 0, 16, RankId(3))})),
              IsEmpty());
  EXPECT_THAT(check_plan(with_b({b(table_column_wise, 0, 10, 0, 8, RankId(2)),
                                 b(table_column_wise, 0, 10, 8, 16, RankId(3))})),
              IsEmpty());
  EXPECT_THAT(
      check_plan(with_b({b(grid, 0, 5, 0, 8, RankId(0)), b(grid, 5, 10, 0, 8, RankId(1)),
                         b(grid, 0, 5, 8, 16, RankId(2)), b(grid, 5, 10, 8, 16, RankId(3))})),
      IsEmpty());
}

TEST(CheckPlan, FindsATableThatIsPlacedNowhere) {
  EXPECT_THAT(check_plan(with_b({})), ElementsAre("Table 'b' is placed nowhere."));
}

TEST(CheckPlan, FindsGapsAndOverlaps) {
  EXPECT_THAT(
      check_plan(with_b({b(column_wise, 0, 10, 0, 8, RankId(0))})),
      ElementsAre(AllOf(HasSubstr("'b'"), HasSubstr("columns [8, 16) are placed nowhere"))));
  EXPECT_THAT(check_plan(with_b({b(column_wise, 0, 10, 0, 12, RankId(0)),
                                 b(column_wise, 0, 10, 8, 16, RankId(1))})),
              ElementsAre(HasSubstr("columns [8, 12) are placed more than once")));
}

TEST(CheckPlan, FindsShardsOutsideTheirTable) {
  EXPECT_THAT(check_plan(with_b({b(table_wise, 0, 11, 0, 16, RankId(0))})),
              Contains(HasSubstr("is empty or leaves the table")));
  EXPECT_THAT(check_plan(with_b({b(column_wise, 0, 10, 0, 16, RankId(0)),
                                 b(column_wise, 0, 10, 16, 16, RankId(0))})),
              Contains(HasSubstr("is empty or leaves the table")));
}

TEST(CheckPlan, FindsShapesThatATypeDoesNotMean) {
  EXPECT_THAT(check_plan(with_b({b(column_wise, 0, 5, 0, 16, RankId(0)),
                                 b(column_wise, 5, 10, 0, 16, RankId(1))})),
              Contains(HasSubstr("expected all rows of the table")));
  EXPECT_THAT(check_plan(with_b(
                  {b(row_wise, 0, 10, 0, 8, RankId(0)), b(row_wise, 0, 10, 8, 16, RankId(1))})),
              Contains(HasSubstr("expected all columns of the table")));
  EXPECT_THAT(check_plan(with_b(
                  {b(table_wise, 0, 10, 0, 8, RankId(0)), b(table_wise, 0, 10, 8, 16, RankId(1))})),
              AllOf(Contains(HasSubstr("expected the whole table")),
                    Contains(HasSubstr("has 2 table_wise shards"))));
}

TEST(CheckPlan, FindsColumnsCutBetweenMultiplesOf4) {
  EXPECT_THAT(check_plan(with_b({b(column_wise, 0, 10, 0, 6, RankId(0)),
                                 b(column_wise, 0, 10, 6, 16, RankId(1))})),
              ElementsAre(HasSubstr("multiples of 4"), HasSubstr("multiples of 4")));
}

TEST(CheckPlan, FindsRanksThatDoNotExist) {
  EXPECT_THAT(check_plan(with_b({b(table_wise, 0, 10, 0, 16, RankId(4))})),
              ElementsAre(AllOf(HasSubstr("rank 4"), HasSubstr("from 0 to 3"))));
}

TEST(CheckPlan, WantsRanksForAllButDataParallelTables) {
  EXPECT_THAT(check_plan(with_b({b(table_wise, 0, 10, 0, 16, {})})),
              ElementsAre(HasSubstr("has no rank")));
  EXPECT_THAT(check_plan(with_b({b(data_parallel, 0, 10, 0, 16, RankId(1))})),
              ElementsAre(HasSubstr("expected null")));
}

TEST(CheckPlan, FindsMixedTypes) {
  EXPECT_THAT(check_plan(with_b({b(column_wise, 0, 10, 0, 8, RankId(0)),
                                 b(table_column_wise, 0, 10, 8, 16, RankId(0))})),
              ElementsAre(HasSubstr("mixes the types column_wise, table_column_wise")));
}

TEST(CheckPlan, FindsShardsOnOtherNodesThanTheirTypeAllows) {
  EXPECT_THAT(check_plan(with_b({b(table_row_wise, 0, 5, 0, 16, RankId(1)),
                                 b(table_row_wise, 5, 10, 0, 16, RankId(2))})),
              ElementsAre(HasSubstr("spread over the nodes 0, 1")));
  EXPECT_THAT(check_plan(with_b({b(table_column_wise, 0, 10, 0, 8, RankId(0)),
                                 b(table_column_wise, 0, 10, 8, 16, RankId(3))})),
              ElementsAre(HasSubstr("spread over the nodes 0, 1")));
  EXPECT_THAT(
      check_plan(with_b({b(grid, 0, 5, 0, 16, RankId(1)), b(grid, 5, 10, 0, 16, RankId(2))})),
      ElementsAre(HasSubstr("from column 0 is spread over the nodes 0, 1")));
}

TEST(CheckPlan, FindsBrokenConstraints) {
  Plan plan =
      with_b({b(column_wise, 0, 10, 0, 4, RankId(0)), b(column_wise, 0, 10, 4, 16, RankId(1))});
  const auto problems_with = [&](const TableConstraints& constraints) {
    plan.workload.tables[1].constraints = constraints;
    return check_plan(plan);
  };
  TableConstraints types;
  types.types = {table_wise};
  EXPECT_THAT(problems_with(types), ElementsAre(HasSubstr("of this type"), HasSubstr("type")));
  TableConstraints ranks;
  ranks.ranks = {RankId(1), RankId(2)};
  EXPECT_THAT(problems_with(ranks), ElementsAre(HasSubstr("is on rank 0")));
  TableConstraints narrow;
  narrow.max_column_width = 8;
  EXPECT_THAT(problems_with(narrow), ElementsAre(HasSubstr("12 columns wide (at most 8)")));
  TableConstraints wide;
  wide.min_column_width = 8;
  EXPECT_THAT(problems_with(wide), ElementsAre(HasSubstr("4 columns wide (at least 8)")));
  TableConstraints few;
  few.max_shards = 1;
  EXPECT_THAT(problems_with(few), ElementsAre(HasSubstr("2 shards, but its constraints allow 1")));
  TableConstraints met;
  met.types = {column_wise, table_wise};
  met.ranks = {RankId(0), RankId(1)};
  met.min_column_width = 4;
  met.max_column_width = 12;
  met.max_shards = 2;
  EXPECT_THAT(problems_with(met), IsEmpty());
}

TEST(CheckPlan, LetsAWholeTableBeNarrowerThanItsLeastCut) {
  Plan plan = sample_plan();
  plan.workload.tables[0].constraints.min_column_width = 32;
  EXPECT_THAT(check_plan(plan), IsEmpty());
}

TEST(CheckPlan, FindsRanksWithoutEnoughMemory) {
  Plan plan = sample_plan();
  plan.topology.ranks[1].memory = Bytes(639);
  EXPECT_THAT(check_plan(plan),
              ElementsAre(AllOf(HasSubstr("Rank 1 needs 640 B"), HasSubstr("1 B too much"))));
  plan.topology.ranks[1].memory = Bytes(640);
  EXPECT_THAT(check_plan(plan), IsEmpty());
}

TEST(CheckPlan, ReportsEveryProblemAtOnce) {
  Plan plan = with_b({b(table_wise, 0, 10, 0, 16, RankId(7))});
  plan.topology.ranks[0].memory = Bytes(1);
  EXPECT_THAT(check_plan(plan), ElementsAre(HasSubstr("rank 7"), HasSubstr("Rank 0 needs")));
}

TEST(CheckPlan, HoldsTablesTogetherApartAndOnTheirNodes) {
  Plan plan = sample_plan();  // a on rank 0, b on rank 1, both of node 0
  plan.workload.tables[0].constraints.together = {"b"};
  plan.workload.tables[1].constraints.together = {"a"};
  plan.workload.tables[1].constraints.nodes = {1};
  EXPECT_THAT(check_plan(plan),
              ElementsAre(HasSubstr("is on node 0, which its constraints do not allow"),
                          HasSubstr("'a' and 'b' must share one rank by their constraints, but "
                                    "are on ranks 0 and 1")));
  plan.shards[1].rank = RankId(0);
  plan.workload.tables[1].constraints = {};
  EXPECT_THAT(check_plan(plan), IsEmpty());
  plan.workload.tables[0].constraints = {};
  plan.workload.tables[0].constraints.apart = {"b", "c"};
  EXPECT_THAT(check_plan(plan),
              ElementsAre(HasSubstr("'a' and 'b' must be apart"), HasSubstr("'c', which is no")));
}

TEST(CheckPlan, HoldsRanksThatAreExcludedOrReserved) {
  Plan plan = sample_plan();
  plan.topology.ranks[0].excluded = true;
  plan.topology.ranks[1].reserved = Bytes(1361);  // of 2000, and the table takes 640
  EXPECT_THAT(check_plan(plan), ElementsAre(HasSubstr("on rank 0, which is excluded"),
                                            HasSubstr("Rank 1 needs 640 B")));
}

// Of a table that is not placed, cut between multiples of 4, on no rank, in two types, twice.
TEST(CheckPlacement, SaysOfOneTableWhatTheCheckOfThePlanSays) {
  const std::vector<std::vector<Shard>> placements = {
      {},
      {b(table_wise, 0, 10, 0, 16, RankId(3))},
      {b(column_wise, 0, 10, 0, 6, RankId(0)), b(column_wise, 0, 10, 6, 16, RankId(1))},
      {b(table_wise, 0, 10, 0, 16, RankId(7))},
      {b(row_wise, 0, 7, 0, 16, RankId(3)), b(column_wise, 7, 10, 0, 16, RankId(0))},
      {b(column_wise, 0, 10, 0, 12, RankId(0)), b(column_wise, 0, 10, 8, 16, RankId(1))}};
  for (const auto& shards : placements) {
    EXPECT_EQ(check_placement(sample_plan(), TableId(1), shards), check_plan(with_b(shards)));
  }
}

TEST(CheckPlacement, LooksAtWhatTablesAskOfEachOther) {
  for (const std::size_t asking : {0U, 1U}) {
    Plan plan = sample_plan();
    const std::string other(1, asking == 0 ? 'b' : 'a');
    plan.workload.tables[asking].constraints.apart = {other};
    const std::vector<Shard> on_rank_0 = {b(table_wise, 0, 10, 0, 16, RankId(0))};
    EXPECT_THAT(check_placement(plan, TableId(1), on_rank_0),
                ElementsAre(HasSubstr("must be apart")));
    plan.workload.tables[asking].constraints.apart.clear();
    plan.workload.tables[asking].constraints.together = {other};
    EXPECT_THAT(check_placement(plan, TableId(1), on_rank_0), IsEmpty());
    EXPECT_THAT(check_placement(plan, TableId(1), {b(table_wise, 0, 10, 0, 16, RankId(1))}),
                ElementsAre(HasSubstr("must share one rank")));
  }
}

}  // namespace
}  // namespace shardwright
