#include "planner/search/local/local_search.hpp"

#include "planner/check.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/search/drawn_searches.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace shardwright {
namespace {

using testing::expect_sound;
using testing::kLittleWork;

TEST(LocalSearch, FindsThePlanThatOnlyUnevenWidthsAllow) {
  Workload workload;
  workload.batch_size = 64;
  RandomStream random(1, 0);
  workload.tables = {testing::draw_table(random, "a", {})};
  Table& table = workload.tables.front();
  table.rows = 1'000'000;
  table.dim = 16;
  table.dtype = DataType::fp32;
  Topology topology = read_topology("2xcpu-1GiB");
  topology.ranks[0].memory = Bytes(12 * 4'000'000);
  topology.ranks[1].memory = Bytes(4 * 4'000'000);
  SearchOptions options;
  options.memory_model = MemoryModel::weights;
  options.effort.work_limit = kLittleWork;
  const auto model = make_cost_model("analytic");
  const SearchResult result = search_plan(workload, topology, *model, options);
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.plan->shards.size(), 2U);
  EXPECT_EQ(check_plan(*result.plan), std::vector<std::string>{});
}

TEST(LocalSearch, PlansForOneRankAndForThousands) {
  RandomStream random(2, 0);
  const Workload workload = testing::draw_workload(random, {.most_tables = 3});
  const auto model = make_cost_model("analytic");
  SearchOptions options;
  options.effort.work_limit = 100;
  for (const char* topology : {"1xH100-80GB", "3xH100-80GB", "512x8xH100-80GB"}) {
    const SearchResult result = search_plan(workload, read_topology(topology), *model, options);
    ASSERT_TRUE(result.plan) << topology;
    expect_sound(*result.plan, *model);
    EXPECT_LE(result.lower_bound_ms.value(), result.plan->cost_ms * (1 + 1e-9));
  }
}

TEST(LocalSearch, AnInterruptKeepsTheBestSoFar) {
  RandomStream random(1, 0);
  const Workload workload = testing::draw_workload(random, {});
  const Topology topology = read_topology("4xH100-80GB");
  const std::atomic<bool> interrupt{true};
  SearchOptions options;
  options.effort.interrupt = &interrupt;
  options.effort.work_limit = 1'000'000'000'000;
  const SearchResult result =
      search_plan(workload, topology, *make_cost_model("analytic"), options);
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.record.stopped_by, "interrupt");
}

TEST(LocalSearch, ATimeLimitEndsItWithAPlan) {
  RandomStream random(1, 0);
  const Workload workload = testing::draw_workload(random, {.most_tables = 20});
  SearchOptions options;
  options.effort.time_limit_seconds = 0.05;
  options.effort.work_limit = 1'000'000'000'000;
  const SearchResult result =
      search_plan(workload, read_topology("3xH100-80GB"), *make_cost_model("analytic"), options);
  ASSERT_TRUE(result.plan);
  EXPECT_TRUE(result.record.stopped_by == "time" || result.record.stopped_by == "optimal");
}

TEST(LocalSearch, ProvesOneTableOnOneRankOptimal) {
  RandomStream random(1, 0);
  Workload workload = testing::draw_workload(random, {.most_tables = 1});
  SearchOptions options;
  const SearchResult result =
      search_plan(workload, read_topology("1xH100-80GB"), *make_cost_model("torchrec"), options);
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.termination, Termination::optimal);
  EXPECT_EQ(result.record.stopped_by, "optimal");
}

}  // namespace
}  // namespace shardwright
