#include "planner/check.hpp"
#include "planner/explain/candidates.hpp"
#include "planner/explain/critical_path.hpp"
#include "planner/explain/explain_plan.hpp"
#include "planner/explain/explanation_json.hpp"
#include "planner/explain/explanation_text.hpp"
#include "planner/rate_plan.hpp"
#include "tests/planner/sample_plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

TEST(CriticalPath, NamesTheSlowestRankOfEachPhase) {
  const std::vector<PhaseTimes> ranks = {{1, 5, 1, 0, 2}, {3, 1, 1, 0, 1}};
  const auto path = critical_path(ranks, Objective::step);
  ASSERT_EQ(path.size(), 5U);
  EXPECT_EQ(path[0].rank, RankId(1));
  EXPECT_EQ(path[1].rank, RankId(0));
  EXPECT_EQ(path[2].rank, RankId(0));
  EXPECT_DOUBLE_EQ(path[0].ms + path[1].ms + path[2].ms + path[3].ms + path[4].ms,
                   step_cost_ms(ranks, Objective::step));
  EXPECT_DOUBLE_EQ(path[1].mean_ms, 3);
}

TEST(CriticalPath, IsOneRankWhenTheLargestTotalCounts) {
  const std::vector<PhaseTimes> ranks = {{1, 5, 1, 0, 2}, {3, 1, 1, 0, 1}};
  for (const PathStep& step : critical_path(ranks, Objective::max_sum)) {
    EXPECT_EQ(step.rank, RankId(0));
  }
}

RC_GTEST_PROP(Candidates, AreLegalWhereNothingForbidsThem, ()) {
  const auto nodes = *rc::gen::inRange<std::int64_t>(1, 4);
  const auto per_node = *rc::gen::inRange<std::int64_t>(1, 4);
  Plan plan;
  plan.workload.batch_size = 8;
  plan.topology = sample_topology(
      std::vector<std::int64_t>(static_cast<std::size_t>(nodes * per_node), kPlenty), per_node);
  plan.workload.tables = {sample_table("t", *rc::gen::inRange<std::int64_t>(1, 50),
                                       4 * *rc::gen::inRange<std::int64_t>(1, 9))};
  const Table& table = plan.workload.tables[0];
  plan.shards = {{TableId(0), ShardingType::table_wise, 0, table.rows, 0, table.dim, RankId(0)}};
  std::vector<RankId> ranks;
  for (std::int64_t rank = nodes * per_node; rank-- > 0;) ranks.emplace_back(rank);
  for (const auto& shards : candidates_for(plan, TableId(0), ranks, ExplainOptions().types)) {
    RC_ASSERT(shards != plan.shards);
    Plan changed = plan;
    changed.shards = shards;
    RC_ASSERT(check_plan(changed) == std::vector<std::string>());
  }
}

TEST(Candidates, KeepToTheTypesAskedFor) {
  const Plan plan = whole_tables({{16, 0}}, {kPlenty, kPlenty});
  const auto all =
      candidates_for(plan, TableId(0), {RankId(1), RankId(0)}, {ShardingType::row_wise});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].size(), 2U);
  EXPECT_EQ(all[0][0].rank, RankId(0));
}

TEST(ExplainPlan, FindsTheMoveThatHelpsMost) {
  const Plan plan = whole_tables({{16, 0}, {8, 0}, {4, 1}}, {kPlenty, kPlenty});
  const Explanation explanation = explain_plan(plan, ColumnCostModel(), {});
  EXPECT_DOUBLE_EQ(explanation.cost_ms, 24);
  ASSERT_FALSE(explanation.changes.empty());
  EXPECT_DOUBLE_EQ(explanation.changes[0].cost_ms, 16);
  EXPECT_EQ(explanation.tables[0].table, TableId(0)) << "worst first";
  EXPECT_DOUBLE_EQ(explanation.tables[0].path_ms, 16);
  EXPECT_EQ(explanation.tables[0].binding, Binding::compute);
  EXPECT_EQ(explanation.tables[2].binding, Binding::nothing) << "nobody waits for rank 1";
}

TEST(ExplainPlan, PricesAlternativesAsRateDoes) {
  const Plan plan = whole_tables({{16, 0}, {8, 0}, {4, 1}}, {kPlenty, kPlenty, kPlenty});
  for (const auto& table : explain_plan(plan, ColumnCostModel(), {}).tables) {
    for (const Alternative& other : table.alternatives) {
      Plan changed = plan;
      std::erase_if(changed.shards, [&](const Shard& s) { return s.table == table.table; });
      changed.shards.insert(changed.shards.end(), other.shards.begin(), other.shards.end());
      rate_plan(changed, ColumnCostModel());
      EXPECT_DOUBLE_EQ(changed.cost_ms, other.cost_ms);
    }
  }
}

TEST(ExplainPlan, SaysThatNothingHelpsABalancedPlan) {
  const Plan plan = whole_tables({{4, 0}, {4, 1}}, {kPlenty, kPlenty});
  const Explanation explanation = explain_plan(plan, ColumnCostModel(), {});
  EXPECT_TRUE(explanation.changes.empty());
  EXPECT_GT(explanation.tried, 0U);
  EXPECT_THAT(explanation_to_text(plan, explanation), HasSubstr("No single change helps"));
}

TEST(ExplainPlan, NamesTheMemoryThatKeepsATableWhereItIs) {
  const Plan plan = whole_tables({{16, 0}, {16, 0}}, {12800, 1600});
  const Explanation explanation = explain_plan(plan, ColumnCostModel(), {});
  const TableExplanation& table = explanation.tables[0];
  EXPECT_EQ(table.binding, Binding::memory);
  const Alternative* refused = table.refused(explanation.cost_ms);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->missing, Bytes(4800)) << "a table is 6400 bytes, rank 1 has 1600";
  EXPECT_THAT(explanation_to_text(plan, explanation), HasSubstr("lacks"));
}

TEST(ExplainPlan, RanksByMemoryWhereThatIsTheObjective) {
  Plan plan = whole_tables({{16, 0}, {8, 0}, {4, 1}, {24, 1}}, {kPlenty, kPlenty, kPlenty});
  plan.workload.tables[2].rows = 5000;  // few columns, many bytes
  plan.shards[2].row_end = 5000;
  plan.objective = Objective::memory;
  rate_plan(plan, ColumnCostModel());
  const Explanation explanation = explain_plan(plan, ColumnCostModel(), {});
  EXPECT_EQ(explanation.fullest, RankId(1));
  EXPECT_EQ(explanation.tables[0].table, TableId(2));
  EXPECT_EQ(explanation.tables[0].on_fullest, Bytes(80'000));
  EXPECT_EQ(explanation.tables[0].binding, Binding::memory);
  EXPECT_EQ(explanation.tables.back().binding, Binding::nothing) << "not on rank 1";
  ASSERT_FALSE(explanation.changes.empty());
  const Alternative& best = explanation.changes[0];
  EXPECT_EQ(best.table, TableId(2));
  EXPECT_LT(best.fullest, Bytes(40'000)) << "cut over the ranks, with little beside it";
  const std::string text = explanation_to_text(plan, explanation);
  EXPECT_THAT(text, HasSubstr("The fullest rank is 1"));
  EXPECT_THAT(text, HasSubstr("KiB ("));
  ExplainOptions by_time;
  by_time.by_time = true;
  EXPECT_EQ(explain_plan(plan, ColumnCostModel(), by_time).tables[0].table, TableId(3));
}

TEST(ExplainPlan, HoldsConstraints) {
  Plan plan = whole_tables({{16, 0}, {16, 0}}, {kPlenty, kPlenty});
  for (Table& table : plan.workload.tables) table.constraints.ranks = {RankId(0)};
  const Explanation explanation = explain_plan(plan, ColumnCostModel(), {});
  EXPECT_TRUE(explanation.changes.empty());
  ASSERT_NE(explanation.tables[0].refused(explanation.cost_ms), nullptr);
  EXPECT_EQ(explanation.tables[0].refused(explanation.cost_ms)->obstacle, Obstacle::rules);
}

TEST(ExplainPlan, SuggestsTheNameThatWasMeant) {
  const Plan plan = whole_tables({{16, 0}}, {kPlenty});
  ExplainOptions options;
  options.table = "t00";
  try {
    explain_plan(plan, ColumnCostModel(), options);
    FAIL() << "took a table that does not exist";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 't0'?"));
  }
}

TEST(ExplanationText, StaysWithin120Columns) {
  Plan plan;
  plan.workload.batch_size = 8;
  plan.topology = sample_topology(std::vector<std::int64_t>(40, kPlenty));
  for (std::int64_t i = 0; i < 40; ++i) {
    plan.workload.tables.push_back(
        sample_table(std::string(70, 'n') + std::to_string(i), 1000000, 64));
    for (std::int64_t part = 0; part < 16; ++part) {
      plan.shards.push_back({TableId(i), ShardingType::column_wise, 0, 1000000, 4 * part,
                             4 * part + 4, RankId((i * 7 + part * part) % 40)});
    }
    plan.reasons.emplace_back(100, 'r');
  }
  rate_plan(plan, ColumnCostModel());
  ExplainOptions options;
  options.most_tables = 3;
  const Explanation explanation = explain_plan(plan, ColumnCostModel(), options);
  for (const std::string& text :
       {explanation_to_text(plan, explanation), table_explanation_to_text(plan, explanation)}) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }),
                120)
          << line;
    }
  }
}

TEST(ExplanationJson, HasWhatTheTextHas) {
  const Plan plan = whole_tables({{16, 0}, {8, 0}, {4, 1}}, {kPlenty, kPlenty});
  const auto json = explanation_to_json(plan, explain_plan(plan, ColumnCostModel(), {}));
  EXPECT_EQ(json["schema"], "shardwright.explanation/1");
  EXPECT_EQ(json["critical_path"].size(), 5U);
  EXPECT_EQ(json["per_rank"].size(), 2U);
  EXPECT_EQ(json["tables"][0]["table"], "t0");
  EXPECT_EQ(json["tables"][0]["binds"], "compute");
  EXPECT_DOUBLE_EQ(json["changes"][0]["difference_ms"], -8);
}

}  // namespace
}  // namespace shardwright
