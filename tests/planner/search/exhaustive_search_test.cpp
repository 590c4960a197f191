#include "planner/search/search.hpp"
#include "tests/planner/search/drawn_searches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace shardwright {
namespace {

using testing::kLittleWork;
using testing::SearchProperties;

// Costs of all W^T placements of whole tables; the least.
double exhaustive_optimum(const Workload& workload, const Topology& topology,
                          const CostModel& model, Objective objective) {
  const std::size_t tables = workload.tables.size();
  std::vector<std::size_t> ranks(tables);
  double best = std::numeric_limits<double>::infinity();
  while (true) {
    std::vector<Shard> shards;
    for (std::size_t i = 0; i < tables; ++i) {
      const Table& table = workload.tables[i];
      shards.push_back({TableId::of(i), ShardingType::table_wise, 0, table.rows, 0, table.dim,
                        RankId::of(ranks[i])});
    }
    best = std::min(best, step_cost_ms(model.price(workload, topology, shards), objective));
    std::size_t i = 0;
    while (i < tables && ++ranks[i] == topology.ranks.size()) ranks[i++] = 0;
    if (i == tables) return best;
  }
}

TEST_P(SearchProperties, BoundIsAtMostTheOptimumAndThatAtMostThePlan) {
  const auto model = make_cost_model(GetParam());
  int hits = 0;
  constexpr int kCases = 60;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 20);
    const Workload workload =
        testing::draw_workload(random, {.most_tables = fitted()         ? 4U
                                                       : seed % 10 == 0 ? 8U
                                                                        : 6U});
    const Topology topology =
        testing::at_most_three(testing::draw_topology_for(GetParam(), random));
    SearchOptions options;
    options.types = {ShardingType::table_wise};
    options.objective = seed % 2 == 0 ? Objective::step : Objective::max_sum;
    options.effort.work_limit = kLittleWork;
    options.memory_model = MemoryModel::weights;
    const SearchResult result = search_plan(workload, topology, *model, options);
    ASSERT_TRUE(result.plan);
    ASSERT_EQ(result.lower_bound_ms.has_value(), !fitted());
    const double optimum = exhaustive_optimum(workload, topology, *model, options.objective);
    EXPECT_LE(result.lower_bound_ms.value_or(0), optimum * (1 + 1e-9));
    EXPECT_GE(result.plan->cost_ms, optimum * (1 - 1e-9));
    if (result.plan->cost_ms <= optimum * (1 + 1e-9)) ++hits;
    if (result.termination == Termination::optimal) {
      EXPECT_LE(result.plan->cost_ms, optimum * (1 + 1e-9));
    }
  }
  EXPECT_GE(hits, kCases * 9 / 10);
}

}  // namespace
}  // namespace shardwright
