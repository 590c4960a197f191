#include "planner/check.hpp"
#include "planner/diff/plan_diff.hpp"
#include "planner/diff/replan.hpp"
#include "planner/rate_plan.hpp"
#include "planner/unique_rows_choice.hpp"
#include "planner/unique_rows_memory.hpp"
#include "tests/planner/hot_and_cold.hpp"
#include "tests/planner/search/random_problems.hpp"
#include "tests/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SearchResult replanned(const Plan& plan, const Topology& topology, ReplanOptions options = {}) {
  return replan(plan, plan.workload, topology, *make_cost_model("analytic"), options);
}

TEST(ReplanWithUniqueRows, KeepsThemWithTheirCost) {
  const Plan plan = hot_and_cold({kHot});
  ReplanOptions options;
  options.max_moved = Bytes(0);
  const auto result = replanned(plan, plan.topology, options);
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(result.plan->unique_rows, ElementsAre(kHot));
  EXPECT_EQ(result.plan->shards, plan.shards);
  EXPECT_DOUBLE_EQ(result.plan->cost_ms, plan.cost_ms);
}

TEST(ReplanWithUniqueRows, NamesThemInItsReasons) {
  const Plan plan = hot_and_cold({kHot});
  ReplanOptions options;
  options.max_moved = Bytes(0);
  const auto result = replanned(plan, plan.topology, options);
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(result.plan->reasons, ElementsAre(HasSubstr("stays; sends unique rows: "), "stays"));
}

TEST(ReplanWithUniqueRows, KnowsTablesByName) {
  const Plan plan = hot_and_cold({kHot});
  Workload grown = plan.workload;
  grown.tables.insert(grown.tables.begin(), sample_table("new", 1000, 16));
  const auto result =
      replan(plan, grown, plan.topology, *make_cost_model("analytic"), ReplanOptions{});
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(result.plan->unique_rows, ElementsAre(TableId(1)));
  grown.tables[1].mode = PoolingMode::none;
  const auto unpooled =
      replan(plan, grown, plan.topology, *make_cost_model("analytic"), ReplanOptions{});
  ASSERT_TRUE(unpooled.plan) << unpooled.explanation;
  EXPECT_THAT(unpooled.plan->unique_rows, IsEmpty());
}

TEST(ReplanWithUniqueRows, PoolsAllWhereAsked) {
  const Plan plan = hot_and_cold({kHot});
  ReplanOptions options;
  options.unique_rows = UniqueRowsChoice::none;
  const auto result = replanned(plan, plan.topology, options);
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(result.plan->unique_rows, IsEmpty());
}

TEST(ReplanWithUniqueRows, ChoosesAnewWhereAsked) {
  const Plan plan = hot_and_cold({});
  ReplanOptions options;
  options.unique_rows = UniqueRowsChoice::all;
  const auto chosen = replanned(plan, plan.topology, options);
  ASSERT_TRUE(chosen.plan) << chosen.explanation;
  EXPECT_FALSE(chosen.plan->unique_rows.empty());
}

TEST(ReplanWithUniqueRows, NeverPutsTheirTablesOnEveryRank) {
  Plan plan = hot_and_cold({kHot});
  ReplanOptions options;
  options.types = {ShardingType::table_wise, ShardingType::data_parallel};
  const auto result = replanned(plan, plan.topology, options);
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(check_plan(*result.plan), IsEmpty());
  EXPECT_THAT(result.plan->unique_rows, ElementsAre(kHot));
}

/// Of hot's rows fewer bytes are in flight than of pooled values; a rank that holds all else has
/// room for the one and not for the other.
TEST(ReplanWithUniqueRows, CountsTheirMemory) {
  Plan plan = hot_and_cold({kHot});
  const auto rows = memory_of_plan(plan, plan.shards);
  plan.unique_rows.clear();
  const auto pooled = memory_of_plan(plan, plan.shards);
  plan.unique_rows = {kHot};
  ASSERT_NE(rows[1].total(), pooled[1].total());
  Topology tight = plan.topology;
  for (std::size_t rank = 0; rank < 2; ++rank) tight.ranks[rank].memory = rows[rank].total();
  ReplanOptions options;
  options.max_moved = Bytes(0);
  const auto result = replanned(plan, tight, options);
  ASSERT_TRUE(result.plan) << result.explanation;
  EXPECT_THAT(check_plan(*result.plan), IsEmpty());
  EXPECT_THAT(result.plan->unique_rows, ElementsAre(kHot));
  for (std::size_t rank = 0; rank < 2; ++rank) tight.ranks[rank].memory = pooled[rank].total();
  const auto fallback = replanned(plan, tight, options);
  ASSERT_TRUE(fallback.plan) << fallback.explanation;
  EXPECT_THAT(check_plan(*fallback.plan), IsEmpty());
  EXPECT_EQ(fallback.plan->unique_rows.empty(),
            rows[0].total() > pooled[0].total() || rows[1].total() > pooled[1].total());
}

/// Whatever is asked: memory holds, the plan costs what rate_plan() says, and what may stay stays.
TEST(ReplanWithUniqueRows, IsLegalAndRatedOnRandomPlans) {
  const auto model = make_cost_model("analytic");
  const std::uint64_t cases = testing::kSanitized ? 10 : 60;
  std::size_t kept = 0;
  for (std::uint64_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 43);
    const Workload workload = testing::draw_workload(random, {.most_tables = 10, .widest = 8});
    Topology topology = testing::draw_topology_for("cpu-compute", random);
    SearchOptions searching;
    searching.effort.work_limit = 200;
    SearchResult first = search_plan(workload, topology, *model, searching);
    if (!first.plan) continue;
    choose_unique_rows(*first.plan, *model, UniqueRowsChoice::all);
    ReplanOptions options;
    options.work_limit = 300;
    options.memory_model = random.below(2) == 0 ? MemoryModel::full : MemoryModel::overlap;
    for (std::size_t rank = 0; rank < topology.ranks.size(); ++rank) {
      const auto needs = static_cast<double>(first.plan->predicted[rank].memory.value());
      topology.ranks[rank].memory =
          Bytes(static_cast<std::int64_t>(needs * (0.8 + random.uniform())));
    }
    const auto result = replan(*first.plan, workload, topology, *model, options);
    if (!result.plan) continue;
    EXPECT_THAT(check_plan(*result.plan), IsEmpty());
    Plan rated = *result.plan;
    rate_plan(rated, *model);
    EXPECT_DOUBLE_EQ(rated.cost_ms, result.plan->cost_ms);
    if (!result.plan->unique_rows.empty()) ++kept;
  }
  EXPECT_GT(kept, cases / 10);
}

}  // namespace
}  // namespace shardwright
