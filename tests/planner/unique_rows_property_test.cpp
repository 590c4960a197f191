#include "planner/check.hpp"
#include "planner/diff/plan_diff.hpp"
#include "planner/either_exchange.hpp"
#include "planner/either_memory.hpp"
#include "planner/explain/explain_plan.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/unique_rows_search.hpp"
#include "planner/unique_rows.hpp"
#include "planner/unique_rows_choice.hpp"
#include "planner/unique_rows_memory.hpp"
#include "planner/unique_rows_price.hpp"
#include "tests/planner/objective_of.hpp"
#include "tests/planner/search/random_problems.hpp"
#include "tests/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>

namespace shardwright {
namespace {

using ::testing::IsEmpty;

constexpr std::uint64_t kCases = testing::kSanitized ? 10 : 40;

SearchOptions draw_options(RandomStream& random) {
  SearchOptions options;
  options.types.assign(kAllShardingTypes.begin(), kAllShardingTypes.end());
  options.memory_model = static_cast<MemoryModel>(random.below(4));
  options.objective = static_cast<Objective>(random.below(3));
  options.effort.work_limit = 300;
  options.effort.threads = 1;
  return options;
}

/// A task for CPUs, which have such an exchange.
struct Task {
  Workload workload;
  Topology topology;
  SearchOptions options;
};

Task draw_task(RandomStream& random) {
  Task task;
  task.workload = testing::draw_workload(random, {.most_tables = 8, .widest = 8});
  task.topology = testing::draw_topology_for("cpu-compute", random);
  task.options = draw_options(random);
  return task;
}

/// What ranks lack, as predicted.
std::int64_t missing_bytes(const Plan& plan) {
  std::int64_t sum = 0;
  for (std::size_t rank = 0; rank < plan.predicted.size(); ++rank) {
    const Bytes over = plan.predicted[rank].memory - plan.topology.ranks[rank].usable();
    sum += std::max<std::int64_t>(over.value(), 0);
  }
  return sum;
}

TEST(UniqueRowsProperties, TimesOfEitherExchangeAreThoseOfThePlan) {
  const auto model = make_cost_model("analytic");
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 54);
    const Task task = draw_task(random);
    SearchResult found = search_plan(task.workload, task.topology, *model, task.options);
    if (!found.plan) continue;
    Plan& plan = *found.plan;
    EitherExchange exchange(plan, *model);
    for (int i = 0; i < 6; ++i) {
      const TableId table = TableId::of(random.below(plan.workload.tables.size()));
      if (!why_not_unique_rows(plan, table).empty()) continue;
      toggle_unique_rows(plan, table);
      exchange.toggle(table);
      const auto expected = price_plan(plan, *model);
      const auto times = exchange.times();
      for (std::size_t rank = 0; rank < times.size(); ++rank) {
        const double ms = expected[rank].total_ms();
        EXPECT_NEAR(times[rank].total_ms(), ms, 1e-9 * ms) << "rank " << rank;
      }
    }
  }
}

TEST(UniqueRowsProperties, CheaperIsNeverDearerThanNone) {
  const auto model = make_cost_model("analytic");
  std::size_t chosen = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 51);
    const Task task = draw_task(random);
    const SearchResult none = search_plan(task.workload, task.topology, *model, task.options);
    const SearchResult cheaper = search_plan_with_unique_rows(
        task.workload, task.topology, *model, task.options, UniqueRowsChoice::cheaper);
    ASSERT_EQ(none.plan.has_value(), cheaper.plan.has_value());
    if (!none.plan) continue;
    EXPECT_LE(objective_of(*cheaper.plan), objective_of(*none.plan) * (1 + 1e-8));
    EXPECT_THAT(check_plan(*cheaper.plan), IsEmpty());
    if (cheaper.plan->unique_rows.empty()) continue;
    ++chosen;
    EXPECT_FALSE(cheaper.lower_bound_ms || cheaper.lower_bound_bytes) << "those of pooled values";
    EXPECT_NE(cheaper.termination, Termination::optimal);
  }
  EXPECT_GT(chosen, kCases / 10);
}

/// What plan, rate, explain and diff say of one plan is one thing.
TEST(UniqueRowsProperties, AllReadersJudgeThePlanAlike) {
  const auto model = make_cost_model("analytic");
  for (std::uint64_t seed = 0; seed < kCases / 2; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 52);
    const Task task = draw_task(random);
    const SearchResult found = search_plan_with_unique_rows(task.workload, task.topology, *model,
                                                            task.options, UniqueRowsChoice::all);
    if (!found.plan) continue;
    const Plan& plan = *found.plan;
    Plan rated = plan;
    rate_plan(rated, *model);
    EXPECT_DOUBLE_EQ(rated.cost_ms, plan.cost_ms);
    EXPECT_EQ(rated.predicted, plan.predicted);
    EXPECT_EQ(plan_id(rated), plan_id(plan));
    ExplainOptions one;
    one.most_tables = 1;
    EXPECT_NEAR(explain_plan(plan, *model, one).cost_ms, plan.cost_ms, 1e-8 * plan.cost_ms);
    const PlanDiff diff = diff_plans(plan, rated);
    EXPECT_EQ(diff.ranks[0].memory_before, diff.ranks[0].memory_after);
    EXPECT_DOUBLE_EQ(diff.cost_before_ms, diff.cost_after_ms);
  }
}

TEST(UniqueRowsProperties, TheNumberOfThreadsDoesNotMatter) {
  const auto model = make_cost_model("analytic");
  for (std::uint64_t seed = 0; seed < kCases / 8; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 53);
    Task task = draw_task(random);
    std::set<std::string> ids;
    for (const unsigned threads : {1U, 8U}) {
      task.options.effort.threads = threads;
      const SearchResult result = search_plan_with_unique_rows(
          task.workload, task.topology, *model, task.options, UniqueRowsChoice::cheaper);
      ids.insert(result.plan ? plan_id(*result.plan) : "none");
    }
    EXPECT_EQ(ids.size(), 1U);
  }
}

/// Whether the plan with pooled values fits or not.
TEST(UniqueRowsProperties, NoChoiceLeavesRanksWithLessMemoryThanBefore) {
  const auto model = make_cost_model("analytic");
  for (std::uint64_t seed = 0; seed < kCases / 2; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 54);
    const Task task = draw_task(random);
    const SearchResult found = search_plan(task.workload, task.topology, *model, task.options);
    if (!found.plan) continue;
    Plan plan = *found.plan;
    for (std::size_t rank = 0; rank < plan.topology.ranks.size(); ++rank) {
      const auto needs = static_cast<double>(plan.predicted[rank].memory.value());
      plan.topology.ranks[rank].memory =
          Bytes(static_cast<std::int64_t>(needs * (0.9 + 0.2 * random.uniform())));
    }
    const std::int64_t missing = missing_bytes(plan);
    for (const auto choice : {UniqueRowsChoice::cheaper, UniqueRowsChoice::all}) {
      Plan other = plan;
      choose_unique_rows(other, *model, choice);
      EXPECT_LE(missing_bytes(other), missing);
    }
  }
}

TEST(UniqueRowsProperties, MemoryIsKeptUpToDateTableByTable) {
  std::int64_t toggled = 0;
  for (std::uint64_t seed = 0; seed < kCases / 2; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 55);
    const Task task = draw_task(random);
    const SearchResult found =
        search_plan(task.workload, task.topology, *make_cost_model("analytic"), task.options);
    if (!found.plan) continue;
    Plan plan = *found.plan;
    EitherMemory memory(plan);
    const std::vector<TableId> tables = tables_that_can_send_rows(plan);
    for (std::size_t step = 0; step < 8 && !tables.empty(); ++step) {
      const TableId table = tables[random.below(tables.size())];
      toggle_unique_rows(plan, table);
      memory.toggle(table);
      ++toggled;
      Bytes fullest;
      for (const RankMemory& rank : memory_of_plan(plan, plan.shards)) {
        fullest = std::max(fullest, rank.total());
      }
      EXPECT_EQ(memory.fullest(), fullest);
      EXPECT_EQ(memory.missing(), Bytes(missing_bytes(plan)));
    }
    EXPECT_EQ(EitherMemory(plan).fullest(), memory.fullest());
  }
  EXPECT_GT(toggled, static_cast<std::int64_t>(kCases));
}

TEST(UniqueRowsProperties, TablesThatCanSendRowsAreFoundInOneGo) {
  const auto model = make_cost_model("analytic");
  for (std::uint64_t seed = 0; seed < kCases / 8; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 56);
    const Task task = draw_task(random);
    const SearchResult found = search_plan(task.workload, task.topology, *model, task.options);
    if (!found.plan) continue;
    std::vector<TableId> tables;
    for (std::size_t t = 0; t < task.workload.tables.size(); ++t) {
      if (can_send_rows(*found.plan, TableId::of(t))) tables.push_back(TableId::of(t));
    }
    EXPECT_EQ(tables_that_can_send_rows(*found.plan), tables);
  }
}

TEST(UniqueRowsProperties, NoneAreChosenWhereTimeIsUp) {
  const auto model = make_cost_model("analytic");
  const std::atomic<bool> time_is_up{true};
  std::size_t chosen = 0;
  for (std::uint64_t seed = 0; seed < kCases / 8; ++seed) {
    RandomStream random(seed, 57);
    const Task task = draw_task(random);
    const SearchResult found = search_plan(task.workload, task.topology, *model, task.options);
    if (!found.plan) continue;
    Plan plan = *found.plan;
    EXPECT_FALSE(choose_unique_rows(plan, *model, UniqueRowsChoice::all, &time_is_up));
    EXPECT_EQ(plan_id(plan), plan_id(*found.plan));
    chosen += choose_unique_rows(plan, *model, UniqueRowsChoice::all) ? 1U : 0U;
  }
  EXPECT_GT(chosen, 0U);
}

}  // namespace
}  // namespace shardwright
