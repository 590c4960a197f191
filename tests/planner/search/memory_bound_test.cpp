#include "planner/search/local/memory_bound.hpp"

#include "planner/describe_plan.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/sample_workload.hpp"
#include "tests/planner/search/random_problems.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

namespace shardwright {
namespace {

// Tables of 4 columns cannot be cut: 16 bytes a row.
Bytes bound(const std::vector<Table>& tables, const std::vector<std::int64_t>& ranks) {
  const Workload workload{tables, 4};
  const Topology topology = sample_topology(ranks);
  return least_fullest(make_problem(workload, topology, MemoryModel::weights, kDefaultTypes));
}

TEST(MemoryBound, IsTheLargestOfSharesAndTables) {
  const Table ten = sample_table("a", 10, 4);
  const Table two = sample_table("b", 2, 4);
  EXPECT_EQ(bound({ten, two}, {500, 500}), Bytes(160)) << "a table";
  EXPECT_EQ(bound({ten, ten, ten}, {500, 500}), Bytes(240)) << "an even share";
  EXPECT_EQ(bound({ten, ten, ten}, {100, 500}), Bytes(380)) << "what the smaller rank cannot hold";
  Table bound_to_one = ten;
  bound_to_one.constraints.ranks = {RankId(1)};
  EXPECT_EQ(bound({bound_to_one, bound_to_one, two}, {500, 500}), Bytes(320)) << "of a rank's own";
}

TEST(MemoryBound, CountsTheBatch) {
  const Workload workload{{sample_table("a", 10, 4)}, 4};
  const Topology topology = sample_topology({5000, 5000});
  const Problem problem = make_problem(workload, topology, MemoryModel::full, kDefaultTypes);
  const Shard shard = whole_shard(problem, TableId(0));
  EXPECT_EQ(least_fullest(problem), Bytes(5000) - problem.room[0] + bytes_of(problem, shard));
}

SearchResult tightest(const Workload& workload, const Topology& topology,
                      const std::vector<ShardingType>& types) {
  SearchOptions options;
  options.types = types;
  options.objective = Objective::memory;
  options.effort.work_limit = 4'000;
  options.effort.threads = 1;
  return search_plan(workload, topology, *make_cost_model("analytic"), options);
}

// The least that the fullest rank holds in any placement of whole tables.
std::int64_t least_of_all(const Workload& workload, const Topology& topology) {
  const Problem problem =
      make_problem(workload, topology, MemoryModel::full, {ShardingType::table_wise});
  std::vector<std::int64_t> held;
  for (std::size_t rank = 0; rank < topology.ranks.size(); ++rank) {
    held.push_back((topology.ranks[rank].usable() - problem.room[rank]).value());
  }
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  const std::function<void(std::size_t)> place = [&](std::size_t table) {
    if (table == workload.tables.size()) {
      best = std::min(best, *std::max_element(held.begin(), held.end()));
      return;
    }
    const auto bytes = bytes_of(problem, whole_shard(problem, TableId::of(table))).value();
    for (std::int64_t& rank : held) {
      rank += bytes;
      place(table + 1);
      rank -= bytes;
    }
  };
  place(0);
  return best;
}

TEST(MemoryBound, IsAtMostTheOptimumAndThatAtMostThePlan) {
  int proved = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 31);
    const Workload workload = testing::draw_workload(random, {.most_tables = 6});
    const Topology topology = testing::at_most_three(testing::draw_topology(random));
    const SearchResult result = tightest(workload, topology, {ShardingType::table_wise});
    ASSERT_TRUE(result.plan);
    EXPECT_FALSE(result.lower_bound_ms);
    const Bytes optimum(least_of_all(workload, topology));
    EXPECT_LE(result.lower_bound_bytes.value(), optimum);
    EXPECT_GE(fullest_rank(*result.plan), optimum);
    if (result.termination != Termination::optimal) continue;
    ++proved;
    EXPECT_EQ(fullest_rank(*result.plan), optimum);
  }
  EXPECT_GT(proved, 20);
}

TEST(MemoryBound, HoldsForEveryType) {
  const std::vector<ShardingType> all(kAllShardingTypes.begin(), kAllShardingTypes.end());
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 32);
    const Workload workload = testing::draw_workload(random, {.most_tables = 8});
    const Topology topology = testing::draw_topology(random);
    const SearchResult result = tightest(workload, topology, all);
    ASSERT_TRUE(result.plan);
    EXPECT_LE(result.lower_bound_bytes.value(), fullest_rank(*result.plan));
  }
}

}  // namespace
}  // namespace shardwright
