#include "planner/diff/replan.hpp"

#include "planner/check.hpp"
#include "planner/diff/plan_diff.hpp"
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

Plan whole_tables(const std::vector<std::pair<std::int64_t, std::int64_t>>& dim_and_rank,
                  std::size_t ranks) {
  return shardwright::whole_tables(dim_and_rank, std::vector<std::int64_t>(ranks, kPlenty));
}

ReplanOptions by_weights() {
  ReplanOptions options;
  options.memory_model = MemoryModel::weights;
  return options;
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
  EXPECT_THAT(refused.explanation, HasSubstr("1.56 KiB must move from ranks that are gone"));
  options.max_moved = Bytes(1600);
  const auto allowed = replan(plan, plan.workload, fewer, ColumnCostModel(), options);
  ASSERT_TRUE(allowed.plan.has_value()) << allowed.explanation;
  EXPECT_DOUBLE_EQ(allowed.plan->cost_ms, 16);
}

TEST(Replan, NeedsTheBytesOfRanksThatAreNew) {
  Plan plan = whole_tables({{16, 0}, {8, 1}}, 2);
  plan.shards[0].type = ShardingType::data_parallel;
  plan.shards[0].rank.reset();
  ReplanOptions options = by_weights();
  options.max_moved = Bytes(0);
  const Topology more = sample_topology({kPlenty, kPlenty, kPlenty});
  const auto refused = replan(plan, plan.workload, more, ColumnCostModel(), options);
  EXPECT_FALSE(refused.plan.has_value());
  EXPECT_THAT(refused.explanation, HasSubstr("must be sent to ranks that are new"));
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
