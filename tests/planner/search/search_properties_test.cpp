#include "costmodel/errors.hpp"
#include "planner/plan_json.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/objective_of.hpp"
#include "tests/planner/search/drawn_searches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace shardwright {
namespace {

using testing::draw_topology_for;
using testing::draw_workload;
using testing::expect_sound;
using testing::options_of;
using testing::SearchProperties;
using testing::tighten;

bool places(const Algorithm& algorithm, const std::vector<ShardingType>& types) {
  return std::all_of(types.begin(), types.end(), [&](ShardingType type) {
    return std::find(algorithm.types.begin(), algorithm.types.end(), type) != algorithm.types.end();
  });
}

TEST_P(SearchProperties, PlansAreSoundAndNeverWorseThanAnyBaseline) {
  const auto model = make_cost_model(GetParam());
  std::size_t plans = 0;
  for (std::uint64_t seed = 0; seed < problems(); ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 17);
    Workload workload = draw_workload(random, {.most_tables = 12, .widest = 16});
    Topology topology = draw_topology_for(GetParam(), random);
    if (random.below(2) == 0) tighten(random, workload, topology);
    SearchOptions options = options_of(random);
    if (random.below(3) == 0) {
      for (Table& table : workload.tables) {
        testing::constrain(random, topology, options.types, table);
      }
    }
    if (random.below(3) == 0) testing::relate(random, workload, topology);
    try {
      const SearchResult ours = search_plan(workload, topology, *model, options);
      if (ours.plan) expect_sound(*ours.plan, *model);
      if (ours.plan && ours.lower_bound_ms) {
        EXPECT_LE(*ours.lower_bound_ms, ours.plan->cost_ms * (1 + 1e-9));
      }
      if (ours.plan) ++plans;
      for (const Algorithm& algorithm : algorithms()) {
        options.algorithm = algorithm.name;
        if (!places(algorithm, options.types)) continue;
        if (!algorithm.knows_companions && testing::has_companions(workload)) continue;
        const SearchResult other = search_plan(workload, topology, *model, options);
        if (!other.plan) continue;
        expect_sound(*other.plan, *model);
        ASSERT_TRUE(ours.plan) << algorithm.name;
        EXPECT_LE(objective_of(*ours.plan), objective_of(*other.plan) * (1 + 1e-9))
            << algorithm.name;
      }
    } catch (const InputError&) {  // constraints that contradict
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(plans, problems() / 2);
}

TEST_P(SearchProperties, TheNumberOfThreadsDoesNotMatter) {
  const auto model = make_cost_model(GetParam());
  for (std::uint64_t seed = 0; seed < problems() / 10; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 18);
    const Workload workload = draw_workload(random, {});
    Topology topology = draw_topology_for(GetParam(), random);
    if (random.below(2) == 0) tighten(random, workload, topology);
    SearchOptions options = options_of(random);
    std::set<std::string> ids;
    for (const unsigned threads : {1U, 8U}) {
      options.effort.threads = threads;
      const SearchResult result = search_plan(workload, topology, *model, options);
      ids.insert(result.plan ? plan_id(*result.plan) : "none");
      EXPECT_NE(result.record.stopped_by, "time");
    }
    EXPECT_EQ(ids.size(), 1U);
  }
}

TEST_P(SearchProperties, EqualWidthsAreKept) {
  const auto model = make_cost_model(GetParam());
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 19);
    const Workload workload = draw_workload(random, {});
    Topology topology = draw_topology_for(GetParam(), random);
    if (random.below(2) == 0) tighten(random, workload, topology);
    SearchOptions options = options_of(random);
    options.column_widths = ColumnWidths::equal;
    const SearchResult result = search_plan(workload, topology, *model, options);
    if (!result.plan) continue;
    expect_sound(*result.plan, *model);
    for (std::size_t i = 0; i < workload.tables.size(); ++i) {
      std::multiset<std::int64_t> widths;
      for (const Shard& shard : result.plan->shards) {
        const bool top = shard.row_begin == 0;
        if (top && shard.table == TableId::of(i)) widths.insert(shard.columns());
      }
      EXPECT_GE(widths.count(*widths.rbegin()) + 1, widths.size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SearchProperties,
                         ::testing::Values("torchrec", "analytic", testing::kFittedModels,
                                           testing::kFittedComm));

}  // namespace
}  // namespace shardwright
