#include "planner/search/cuts.hpp"

#include "costmodel/errors.hpp"
#include "tests/planner/refusal.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<ShardingType> kTypes = {ShardingType::table_wise, ShardingType::column_wise};
const Topology kTopology = sample_topology({1000, 1000, 1000});

// A problem of one table that `dim` and `constraints` describe.
struct OneTable {
  explicit OneTable(std::int64_t dim, const TableConstraints& constraints = {},
                    const std::vector<ShardingType>& types = kTypes)
      : workload{{sample_table("a", 10, dim)}, 4} {
    workload.tables[0].constraints = constraints;
    problem =
        std::make_unique<Problem>(make_problem(workload, kTopology, MemoryModel::weights, types));
  }
  std::vector<std::int64_t> widths() const {
    std::vector<std::int64_t> result;
    for (const Shard& shard : coarsest_cut(*problem, TableId(0))) result.push_back(shard.columns());
    return result;
  }
  Shard whole() const { return coarsest_cut(*problem, TableId(0)).front(); }
  std::int64_t least() const { return least_widest(workload.tables[0], problem->rules[0]); }

  Workload workload;
  std::unique_ptr<Problem> problem;
};

TableConstraints widths(std::optional<std::int64_t> least, std::optional<std::int64_t> most) {
  TableConstraints constraints;
  constraints.min_column_width = least;
  constraints.max_column_width = most;
  return constraints;
}

TableConstraints shards(std::int64_t most) {
  TableConstraints constraints;
  constraints.max_shards = most;
  return constraints;
}

TEST(CoarsestCut, LeavesATableWhole) {
  const Shard expected{TableId(0), ShardingType::table_wise, 0, 10, 0, 128, {}};
  EXPECT_EQ(OneTable(128).whole(), expected);
}

TEST(CoarsestCut, CutsToTheGreatestWidth) {
  EXPECT_THAT(OneTable(128, widths({}, 48)).widths(), ElementsAre(44, 44, 40));
  EXPECT_THAT(OneTable(128, widths({}, 64)).widths(), ElementsAre(64, 64));
  EXPECT_THAT(OneTable(128, widths({}, 128)).widths(), ElementsAre(128));
  EXPECT_EQ(OneTable(128, widths({}, 64)).whole().type, ShardingType::column_wise);
}

TEST(CoarsestCut, NamesAWholeTableColumnWiseWhereNothingElseIsAllowed) {
  EXPECT_EQ(OneTable(8, {}, {ShardingType::column_wise}).whole().type, ShardingType::column_wise);
}

TEST(Halve, CutsIntoMultiplesOf4ThatDifferByAtMost4) {
  for (const std::int64_t dim : {8, 12, 16, 20, 100, 128}) {
    const OneTable table(dim);
    const auto halves = halve(*table.problem, table.whole(), 1);
    ASSERT_TRUE(halves) << dim;
    const auto& [left, right] = *halves;
    EXPECT_EQ(left.columns() + right.columns(), dim);
    EXPECT_EQ(left.columns() % 4, 0);
    EXPECT_THAT(left.columns() - right.columns(), testing::AnyOf(0, 4));
    EXPECT_EQ(left.col_end, right.col_begin);
    EXPECT_EQ(left.type, ShardingType::column_wise);
  }
}

TEST(Halve, StopsAtFourColumns) {
  const OneTable table(4);
  EXPECT_FALSE(halve(*table.problem, table.whole(), 1));
}

TEST(Halve, KeepsTheLeastWidth) {
  const OneTable can(64, widths(32, {}));
  EXPECT_TRUE(halve(*can.problem, can.whole(), 1));
  const OneTable cannot(60, widths(32, {}));
  EXPECT_FALSE(halve(*cannot.problem, cannot.whole(), 1));
}

TEST(Halve, KeepsTheNumberOfShards) {
  const OneTable table(64, shards(2));
  EXPECT_TRUE(halve(*table.problem, table.whole(), 1));
  EXPECT_FALSE(halve(*table.problem, table.whole(), 2));
}

TEST(Halve, NeedsColumnWise) {
  const OneTable table(64, {}, {ShardingType::table_wise});
  EXPECT_FALSE(halve(*table.problem, table.whole(), 1));
}

TEST(LeastWidest, IsTheFinestEvenCut) {
  EXPECT_EQ(OneTable(64).least(), 4);
  EXPECT_EQ(OneTable(64, widths(20, {})).least(), 24);  // 24, 20, 20
  EXPECT_EQ(OneTable(64, shards(3)).least(), 24);
  EXPECT_EQ(OneTable(64, widths(80, {})).least(), 64);
  EXPECT_EQ(OneTable(64, {}, {ShardingType::table_wise}).least(), 64);
}

TEST(MakeProblem, RefusesConstraintsThatNothingMeets) {
  const auto refusal = [](const TableConstraints& constraints,
                          const std::vector<ShardingType>& types = kTypes) {
    return refusal_of<InputError>([&] { OneTable(64, constraints, types); });
  };
  TableConstraints asked;
  asked.types = {ShardingType::row_wise};
  EXPECT_THAT(refusal(asked), AllOf(HasSubstr("'a'"), HasSubstr("row_wise"), HasSubstr("--types")));
  asked.types = {ShardingType::table_wise};
  EXPECT_THAT(refusal(asked, {ShardingType::column_wise}), HasSubstr("only be table_wise"));
  asked = {};
  asked.ranks = {RankId(0), RankId(3)};
  EXPECT_THAT(refusal(asked), AllOf(HasSubstr("rank 3"), HasSubstr("0 to 2")));
  EXPECT_THAT(refusal(widths({}, 32), {ShardingType::table_wise}),
              HasSubstr("column_wise is not allowed"));
  EXPECT_THAT(refusal(widths(24, 28)), HasSubstr("widths from 24 to 28"));
  asked = widths({}, 16);
  asked.max_shards = 3;
  EXPECT_THAT(refusal(asked), AllOf(HasSubstr("4 parts"), HasSubstr("max_shards is 3")));
}

TEST(MakeProblem, CombinesTypesAndRanks) {
  TableConstraints asked;
  asked.types = {ShardingType::column_wise, ShardingType::row_wise};
  asked.ranks = {RankId(2), RankId(0), RankId(2)};
  const OneTable table(64, asked);
  EXPECT_FALSE(table.problem->rules[0].table_wise);
  EXPECT_TRUE(table.problem->rules[0].column_wise);
  EXPECT_THAT(table.problem->rules[0].ranks, ElementsAre(RankId(0), RankId(2)));
}

}  // namespace
}  // namespace shardwright
