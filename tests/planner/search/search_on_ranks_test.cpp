#include "costmodel/exchange_traffic.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/search.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace shardwright {
namespace {

// `count` tables of 1,000,000 rows and `dim` columns, 50 ids a sample.
Workload equal_tables(int count, std::int64_t dim) {
  Workload workload;
  workload.batch_size = 8192;
  for (int i = 0; i < count; ++i) {
    Table table;
    table.name = fmt::format("t{}", i);
    table.features = {table.name};
    table.rows = 1'000'000;
    table.dim = dim;
    table.pooling = 50;
    workload.tables.push_back(table);
  }
  return workload;
}

Plan plan_of_weights(const Workload& workload, const Topology& topology,
                     const std::vector<ShardingType>& types) {
  SearchOptions options;
  options.types = types;
  options.memory_model = MemoryModel::weights;
  options.effort.work_limit = 20'000;
  const SearchResult result =
      search_plan(workload, topology, *make_cost_model("analytic"), options);
  EXPECT_TRUE(result.plan) << result.explanation;
  return result.plan.value();
}

std::int64_t shards_on(const Plan& plan, RankId rank) {
  return std::count_if(plan.shards.begin(), plan.shards.end(),
                       [&](const Shard& shard) { return shard.on(rank); });
}

TEST(SearchOnRanks, GivesARankOfHalfTheSpeedHalfTheTables) {
  Topology topology = read_topology("2xcpu-64GiB");
  topology.ranks[1].speed = 0.5;
  const Plan plan = plan_of_weights(equal_tables(12, 64), topology, {ShardingType::table_wise});
  EXPECT_NEAR(static_cast<double>(shards_on(plan, RankId(0))), 8, 1);
}

TEST(SearchOnRanks, FillsRanksByTheMemoryTheyHave) {
  Topology topology = read_topology("3xcpu-1GiB");
  topology.ranks[0].memory = Bytes(300'000'000);  // room for one of 256 MB
  topology.ranks[1].memory = Bytes(600'000'000);
  topology.ranks[2].memory = Bytes(1'300'000'000);
  const Plan plan = plan_of_weights(equal_tables(8, 64), topology, {ShardingType::table_wise});
  EXPECT_EQ(shards_on(plan, RankId(0)), 1);
  EXPECT_EQ(shards_on(plan, RankId(1)), 2);
  EXPECT_EQ(shards_on(plan, RankId(2)), 5);
}

TEST(SearchOnRanks, SpreadsAGiantTableThatFitsNoFewRanks) {
  Workload workload = equal_tables(1, 64);
  workload.tables[0].rows = 100'000'000;  // 25.6 GB
  const Topology topology = read_topology("8xH100-4GB");
  const Plan columns = plan_of_weights(workload, topology, kDefaultTypes);
  for (std::int64_t rank = 0; rank < 8; ++rank) EXPECT_GE(shards_on(columns, RankId(rank)), 1);
  workload.tables[0].dim = 4;
  workload.tables[0].rows = 1'900'000'000;
  EXPECT_EQ(plan_of_weights(workload, topology, {ShardingType::row_wise}).shards.size(), 8U);
}

// A plan for two nodes of four ranks, and what it sends between them.
struct NodePlan {
  double cost_ms;
  double bytes_between_nodes;
};

Topology two_nodes(double inter_bandwidth) {
  Topology topology = read_topology("2x4xH100-80GB");
  topology.intra = {100e9, 1e-6};
  topology.inter = {inter_bandwidth, 1e-6};
  return topology;
}

// Planned for `known`, used on `real`.
NodePlan plan_for(const Topology& known, const Topology& real) {
  Workload workload = equal_tables(6, 64);
  for (Table& table : workload.tables) {
    table.rows = 2'000'000;
    table.pooling = 100;
  }
  SearchOptions options;
  options.types = {ShardingType::row_wise, ShardingType::table_row_wise};
  options.effort.work_limit = 20'000;
  const auto model = make_cost_model("analytic");
  Plan plan = search_plan(workload, known, *model, options).plan.value();
  plan.topology = real;
  rate_plan(plan, *model);
  return {plan.cost_ms, bytes_between_nodes(workload, real, plan.shards)};
}

TEST(SearchOnRanks, KeepsSumsWithinNodesWhereTheLinksBetweenThemAreSlow) {
  const Topology real = two_nodes(10e9);
  Topology blind = two_nodes(100e9);
  for (RankSpec& rank : blind.ranks) rank.node = 0;
  const NodePlan aware = plan_for(real, real);
  const NodePlan unaware = plan_for(blind, real);
  EXPECT_LT(aware.cost_ms, 0.9 * unaware.cost_ms);
  EXPECT_LT(aware.bytes_between_nodes, 0.9 * unaware.bytes_between_nodes);
}

TEST(SearchOnRanks, ChoosesOtherwiseWhereTheLinksBetweenNodesAreFaster) {
  const Topology real = two_nodes(1000e9);
  const NodePlan fast = plan_for(real, real);
  const NodePlan for_slow_links = plan_for(two_nodes(10e9), real);
  EXPECT_LT(fast.cost_ms, for_slow_links.cost_ms);
  EXPECT_GT(fast.bytes_between_nodes, for_slow_links.bytes_between_nodes);
}

// Four tables, none of which one rank has room for, to be cut by columns or by rows. Two nodes of
// ranks that have 450 MB; links within nodes carry 100 GB/s.
Plan plan_of_cut_tables(double inter_bandwidth, std::uint64_t seed) {
  Workload workload = equal_tables(4, 64);
  for (Table& table : workload.tables) {
    table.rows = 2'000'000;  // 512 MB
    table.optimizer = OptimizerKind::sgd;
  }
  Topology topology = two_nodes(inter_bandwidth);
  for (RankSpec& rank : topology.ranks) rank.memory = Bytes(450'000'000);
  SearchOptions options;
  options.types = {ShardingType::column_wise, ShardingType::row_wise, ShardingType::table_row_wise};
  options.memory_model = MemoryModel::weights;
  options.seed = seed;
  options.effort.work_limit = 20'000;
  const SearchResult result =
      search_plan(workload, topology, *make_cost_model("analytic"), options);
  EXPECT_TRUE(result.plan) << result.explanation;
  return result.plan.value();
}

NodePlan used_on(Plan plan, double inter_bandwidth) {
  plan.topology.inter.bandwidth_bytes_per_second = inter_bandwidth;
  rate_plan(plan, *make_cost_model("analytic"));
  return {plan.cost_ms, bytes_between_nodes(plan.workload, plan.topology, plan.shards)};
}

std::size_t column_shards(const Plan& plan) {
  return static_cast<std::size_t>(
      std::count_if(plan.shards.begin(), plan.shards.end(),
                    [](const Shard& shard) { return shard.type == ShardingType::column_wise; }));
}

// Rows: ids go to one rank each, and one sum leaves a node, but every block's sums go round in its
// node. Columns: ids go to the ranks of all parts, but outputs to no rank but the sample's.
TEST(SearchOnRanks, CutsByRowsOrByColumnsAsTheLinksBetweenNodesAreSlowOrFast) {
  constexpr double kSlow = 10e9;
  constexpr double kFast = 1000e9;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Plan for_slow = plan_of_cut_tables(kSlow, seed);
    const Plan for_fast = plan_of_cut_tables(kFast, seed);
    EXPECT_EQ(column_shards(for_slow), 0U);
    EXPECT_EQ(column_shards(for_fast), for_fast.shards.size());
    EXPECT_LT(used_on(for_slow, kSlow).cost_ms, 0.9 * used_on(for_fast, kSlow).cost_ms);
    EXPECT_LT(used_on(for_fast, kFast).cost_ms, 0.9 * used_on(for_slow, kFast).cost_ms);
    EXPECT_LT(used_on(for_slow, kSlow).bytes_between_nodes,
              0.9 * used_on(for_fast, kSlow).bytes_between_nodes);
  }
}

}  // namespace
}  // namespace shardwright
