#include "planner/check.hpp"
#include "planner/diff/plan_diff.hpp"
#include "planner/diff/replan.hpp"
#include "planner/diff/transfers.hpp"
#include "planner/rate_plan.hpp"
#include "tests/planner/sample_plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <string>

namespace shardwright {
namespace {

using ::testing::HasSubstr;

Shard columns(std::int64_t begin, std::int64_t end, std::int64_t rank) {
  return {TableId(0), ShardingType::column_wise, 0, 100, begin, end, RankId(rank)};
}

Plan whole_tables(const std::vector<std::pair<std::int64_t, std::int64_t>>& dim_and_rank,
                  std::size_t ranks) {
  return shardwright::whole_tables(dim_and_rank, std::vector<std::int64_t>(ranks, kPlenty));
}

ReplanOptions by_weights() {
  ReplanOptions options;
  options.memory_model = MemoryModel::weights;
  return options;
}

TEST(Transfers, CountOnlyWhatChangesRanks) {
  const Table table = sample_table("t", 100, 16);
  const std::vector<Shard> before = {columns(0, 8, 0), columns(8, 16, 1)};
  const std::vector<Shard> after = {columns(0, 12, 0), columns(12, 16, 2)};
  const TableTransfers result = transfers_of(table, before, 2, after, 3);
  ASSERT_EQ(result.transfers.size(), 2U);
  EXPECT_EQ(result.moved(), Bytes(4 * 100 * (4 + 4)));
  EXPECT_EQ(result.transfers[0].from, RankId(1));
  EXPECT_EQ(result.transfers[0].to, RankId(0));
  EXPECT_EQ(result.transfers[1].to, RankId(2));
}

TEST(Transfers, OfReplicasComeFromRankZeroWhereThereWasNone) {
  const Table table = sample_table("t", 100, 16);
  const std::vector<Shard> replicated = {
      {TableId(0), ShardingType::data_parallel, 0, 100, 0, 16, {}}};
  EXPECT_EQ(transfers_of(table, replicated, 2, std::vector{columns(0, 16, 1)}, 2).moved(),
            Bytes(0));
  const auto wider = transfers_of(table, replicated, 2, replicated, 3);
  ASSERT_EQ(wider.transfers.size(), 1U);
  EXPECT_EQ(wider.transfers[0].from, RankId(0));
  EXPECT_EQ(wider.transfers[0].to, RankId(2));
}

TEST(Transfers, CountAddedRowsAsNew) {
  const Table table = sample_table("t", 150, 16);
  std::vector<Shard> after = {columns(0, 16, 0)};
  after[0].row_end = 150;
  const auto result = transfers_of(table, std::vector{columns(0, 16, 0)}, 1, after, 1);
  EXPECT_EQ(result.moved(), Bytes(0));
  EXPECT_EQ(result.fresh[0], Bytes(4 * 50 * 16));
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

TEST(Replan, LeavesABalancedPlanAlone) {
  const Plan plan = whole_tables({{16, 0}, {16, 1}}, 2);
  const auto result = replan(plan, plan.workload, plan.topology, ColumnCostModel(), by_weights());
  ASSERT_TRUE(result.plan.has_value());
  EXPECT_EQ(result.plan->shards, plan.shards);
}

TEST(Replan, MovesNothingMoreThanAllowed) {
  const Plan plan = whole_tables({{16, 0}, {8, 0}, {4, 0}}, 2);
  ReplanOptions options = by_weights();
  options.max_moved = Bytes(0);
  const auto stuck = replan(plan, plan.workload, plan.topology, ColumnCostModel(), options);
  EXPECT_EQ(stuck.plan.value().shards, plan.shards);
  options.max_moved = Bytes(1600);
  const auto little = replan(plan, plan.workload, plan.topology, ColumnCostModel(), options);
  EXPECT_DOUBLE_EQ(little.plan.value().cost_ms, 24);
  EXPECT_LE(diff_plans(plan, *little.plan).moved, Bytes(1600));
  options.max_moved.reset();
  const auto free = replan(plan, plan.workload, plan.topology, ColumnCostModel(), options);
  EXPECT_LE(free.plan.value().cost_ms, 16);
}

TEST(Replan, PlacesANewTableAndKeepsTheRest) {
  const Plan plan = whole_tables({{16, 0}, {8, 1}}, 2);
  Workload grown = plan.workload;
  grown.tables.insert(grown.tables.begin(), sample_table("new", 100, 4));
  const auto result = replan(plan, grown, plan.topology, ColumnCostModel(), by_weights());
  ASSERT_TRUE(result.plan.has_value());
  EXPECT_EQ(diff_plans(plan, *result.plan).moved, Bytes(0));
  EXPECT_DOUBLE_EQ(result.plan->cost_ms, 16) << "beside the narrower table";
}

// Forty new tables, the wide ones all meant for rank 0 by their numbers.
TEST(Replan, PlacesManyNewTablesEvenlyWithLittleWork) {
  const Plan plan = whole_tables({{4, 0}, {4, 1}, {4, 2}, {4, 3}}, 4);
  Workload grown = plan.workload;
  for (int i = 0; i < 40; ++i) {
    grown.tables.push_back(sample_table(fmt::format("new{}", i), 100, i % 4 == 0 ? 64 : 4));
  }
  ReplanOptions options = by_weights();
  options.work_limit = 1'000;
  const auto result = replan(plan, grown, plan.topology, ColumnCostModel(), options);
  ASSERT_TRUE(result.plan.has_value()) << result.explanation;
  EXPECT_EQ(diff_plans(plan, *result.plan).moved, Bytes(0));
  EXPECT_LE(result.plan->cost_ms, 220) << "776 columns over 4 ranks, 194 each";
}

TEST(Replan, EndsAtAnInterruptWithWhatItHas) {
  const Plan plan = whole_tables({{16, 0}, {16, 0}}, 2);
  const std::atomic<bool> interrupt{true};
  ReplanOptions options = by_weights();
  options.interrupt = &interrupt;
  const auto result = replan(plan, plan.workload, plan.topology, ColumnCostModel(), options);
  ASSERT_TRUE(result.plan.has_value());
  EXPECT_EQ(result.plan->shards, plan.shards);
  EXPECT_EQ(result.plan->search.stopped_by, "interrupt");
}

TEST(Replan, MendsWhatNoLongerFits) {
  const Plan plan = whole_tables({{16, 0}, {8, 0}, {4, 1}}, 2);
  const Topology smaller = sample_topology({7000, 7000});
  const auto result = replan(plan, plan.workload, smaller, ColumnCostModel(), by_weights());
  ASSERT_TRUE(result.plan.has_value()) << result.explanation;
  EXPECT_EQ(check_plan(*result.plan), std::vector<std::string>());
  EXPECT_EQ(diff_plans(plan, *result.plan).moved, Bytes(3200)) << "the smaller table of rank 0";
}

TEST(Replan, MendsConstraintsThatAreNew) {
  const Plan plan = whole_tables({{16, 0}, {8, 0}, {12, 1}}, 2);
  Workload asked = plan.workload;
  asked.tables[0].constraints.apart = {"t1"};
  const auto apart = replan(plan, asked, plan.topology, ColumnCostModel(), by_weights());
  ASSERT_TRUE(apart.plan.has_value()) << apart.explanation;
  EXPECT_EQ(check_plan(*apart.plan), std::vector<std::string>());
  EXPECT_EQ(diff_plans(plan, *apart.plan).moved, Bytes(3200)) << "the smaller of the two";
  asked.tables[0].constraints.apart.clear();
  asked.tables[2].constraints.together = {"t0"};
  const auto together = replan(plan, asked, plan.topology, ColumnCostModel(), by_weights());
  ASSERT_TRUE(together.plan.has_value()) << together.explanation;
  EXPECT_EQ(check_plan(*together.plan), std::vector<std::string>());
}

TEST(Replan, MendsTablesThatTheStepDoesNotWaitFor) {
  std::vector<std::pair<std::int64_t, std::int64_t>> tables(20, {32, 0});
  tables.emplace_back(4, 1);
  const Plan plan = whole_tables(tables, 3);
  Workload asked = plan.workload;
  asked.tables.back().constraints.ranks = {RankId(2)};
  ReplanOptions options = by_weights();
  options.max_moved = Bytes(1600);
  const auto result = replan(plan, asked, plan.topology, ColumnCostModel(), options);
  ASSERT_TRUE(result.plan.has_value()) << result.explanation;
  EXPECT_EQ(result.plan->shards.back().rank, RankId(2));
}

TEST(Replan, FollowsTheRanksThatAreLeft) {
  const Plan plan = whole_tables({{16, 0}, {8, 1}, {8, 2}}, 3);
  const auto result = replan(plan, plan.workload, sample_topology({kPlenty, kPlenty}),
                             ColumnCostModel(), by_weights());
  ASSERT_TRUE(result.plan.has_value()) << result.explanation;
  EXPECT_DOUBLE_EQ(result.plan->cost_ms, 16);
}

TEST(Replan, NeedsTheBytesOfRanksThatAreGone) {
  const Plan plan = whole_tables({{16, 0}, {8, 1}, {4, 2}}, 3);
  ReplanOptions options = by_weights();
  options.max_moved = Bytes(1599);
  const Topology fewer = sample_topology({kPlenty, kPlenty});
  const auto refused = replan(plan, plan.workload, fewer, ColumnCostModel(), options);
  EXPECT_FALSE(refused.plan.has_value());
  EXPECT_THAT(refused.explanation, HasSubstr("1.56 KiB must move"));
  options.max_moved = Bytes(1600);
  const auto allowed = replan(plan, plan.workload, fewer, ColumnCostModel(), options);
  ASSERT_TRUE(allowed.plan.has_value()) << allowed.explanation;
  EXPECT_DOUBLE_EQ(allowed.plan->cost_ms, 16);
}

TEST(Replan, SaysWhatIsLeftWhereItFails) {
  const Plan plan = whole_tables({{16, 0}, {16, 1}}, 2);
  ReplanOptions options = by_weights();
  options.max_moved = Bytes(0);
  const auto result =
      replan(plan, plan.workload, sample_topology({6000, kPlenty}), ColumnCostModel(), options);
  EXPECT_FALSE(result.plan.has_value());
  EXPECT_EQ(result.termination, Termination::no_plan_found);
  EXPECT_THAT(result.explanation, HasSubstr("Rank 0 needs"));
}

RC_GTEST_PROP(Replan, IsLegalWithinItsBytesAndNeverDearer, ()) {
  const auto ranks = *rc::gen::inRange<std::int64_t>(1, 5);
  const auto count = *rc::gen::inRange<std::size_t>(1, 8);
  std::vector<std::pair<std::int64_t, std::int64_t>> tables;
  for (std::size_t i = 0; i < count; ++i) {
    tables.emplace_back(4 * *rc::gen::inRange<std::int64_t>(1, 9),
                        *rc::gen::inRange<std::int64_t>(0, ranks));
  }
  const Plan plan = whole_tables(tables, static_cast<std::size_t>(ranks));
  ReplanOptions options = by_weights();
  options.max_moved = Bytes(400 * *rc::gen::inRange<std::int64_t>(0, 100));
  const auto result = replan(plan, plan.workload, plan.topology, ColumnCostModel(), options);
  RC_ASSERT(result.plan.has_value());
  RC_ASSERT(check_plan(*result.plan) == std::vector<std::string>());
  RC_ASSERT(diff_plans(plan, *result.plan).moved <= *options.max_moved);
  RC_ASSERT(result.plan->cost_ms <= plan.cost_ms);
}

}  // namespace
}  // namespace shardwright
