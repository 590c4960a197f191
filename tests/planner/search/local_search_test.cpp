#include "planner/search/local/local_search.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/exchange_traffic.hpp"
#include "planner/check.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"
#include "tests/planner/search/random_problems.hpp"
#include "tests/sanitized.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace shardwright {
namespace {

using testing::Draw;

constexpr std::int64_t kLittleWork = 2'000;
constexpr std::uint64_t kProblems = testing::kSanitized ? 50 : 1'000;

// The default ones, all, or a few.
std::vector<ShardingType> draw_types(RandomStream& random) {
  const std::size_t kind = random.below(3);
  if (kind == 0) return kDefaultTypes;
  std::vector<ShardingType> types;
  while (types.empty()) {
    for (const ShardingType type : kAllShardingTypes) {
      if (kind == 1 || random.below(3) == 0) types.push_back(type);
    }
  }
  return types;
}

SearchOptions options_of(RandomStream& random) {
  SearchOptions options;
  options.types = draw_types(random);
  options.memory_model = static_cast<MemoryModel>(random.below(3));
  options.objective = static_cast<Objective>(random.below(3));
  options.effort.work_limit = kLittleWork;
  options.effort.threads = 1;
  return options;
}

// Ranks with little more memory than the tables need.
void tighten(RandomStream& random, const Workload& workload, Topology& topology) {
  double bytes = 0;
  for (const Table& table : workload.tables) {
    bytes += 12.0 * static_cast<double>(table.rows * table.dim);
  }
  const double share = bytes / static_cast<double>(topology.size());
  for (RankSpec& rank : topology.ranks) {
    rank.memory = Bytes(static_cast<std::int64_t>(share * (0.5 + 2 * random.uniform()) + 1e6));
  }
}

void constrain(RandomStream& random, const Topology& topology, Table& table) {
  TableConstraints& asked = table.constraints;
  if (random.below(3) == 0)
    asked.types = {ShardingType::table_wise};
  else if (random.below(3) == 0)
    asked.types = {ShardingType::column_wise, ShardingType::table_row_wise};
  if (random.below(3) == 0) {
    asked.ranks = {RankId(static_cast<std::int64_t>(random.below(topology.ranks.size())))};
  }
  if (random.below(3) == 0) asked.min_column_width = 8;
  if (random.below(3) == 0) asked.max_shards = 2;
}

// What tables ask of each other and of nodes, and ranks that are not all theirs.
void relate(RandomStream& random, Workload& workload, Topology& topology) {
  for (Table& table : workload.tables) {
    const Table& other = workload.tables[random.below(workload.tables.size())];
    if (other.name == table.name) continue;
    if (random.below(8) == 0) table.constraints.together = {other.name};
    if (random.below(4) == 0) table.constraints.apart = {other.name};
    if (random.below(8) == 0) {
      table.constraints.nodes = {topology.ranks[random.below(topology.ranks.size())].node};
    }
  }
  for (RankSpec& rank : topology.ranks) {
    rank.excluded = random.below(8) == 0;
    if (random.below(4) == 0) rank.reserved = Bytes(rank.memory.value() / 8);
  }
}

bool has_companions(const Workload& workload) {
  return std::any_of(workload.tables.begin(), workload.tables.end(), [](const Table& table) {
    return !table.constraints.together.empty() || !table.constraints.apart.empty();
  });
}

double objective_of(const Plan& plan) {
  if (plan.objective != Objective::memory) return plan.cost_ms;
  Bytes most;
  for (const RankPrediction& rank : plan.predicted) most = std::max(most, rank.memory);
  return static_cast<double>(most.value());
}

void expect_sound(const Plan& plan, const CostModel& model) {
  EXPECT_EQ(check_plan(plan), std::vector<std::string>{});
  Plan rated = plan;
  rate_plan(rated, model);
  EXPECT_DOUBLE_EQ(rated.cost_ms, plan.cost_ms);
}

bool places(const Algorithm& algorithm, const std::vector<ShardingType>& types) {
  return std::all_of(types.begin(), types.end(), [&](ShardingType type) {
    return std::find(algorithm.types.begin(), algorithm.types.end(), type) != algorithm.types.end();
  });
}

class SearchProperties : public ::testing::TestWithParam<std::string> {
 protected:
  // Nets take longer to ask, and no bound is valid for those of computation.
  static bool fitted() { return GetParam() == testing::kFittedModels; }
  static std::uint64_t problems() {
    if (GetParam() == testing::kFittedComm) return kProblems / 10;
    return fitted() ? kProblems / 5 : kProblems;
  }
};

TEST_P(SearchProperties, PlansAreSoundAndNeverWorseThanAnyBaseline) {
  const auto model = make_cost_model(GetParam());
  std::size_t plans = 0;
  for (std::uint64_t seed = 0; seed < problems(); ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 17);
    Workload workload = testing::draw_workload(random, {.most_tables = 12, .widest = 16});
    Topology topology = testing::draw_topology_for(GetParam(), random);
    if (random.below(2) == 0) tighten(random, workload, topology);
    if (random.below(3) == 0) {
      for (Table& table : workload.tables) constrain(random, topology, table);
    }
    if (random.below(3) == 0) relate(random, workload, topology);
    SearchOptions options = options_of(random);
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
        if (!algorithm.knows_companions && has_companions(workload)) continue;
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
    const Workload workload = testing::draw_workload(random, {});
    Topology topology = testing::draw_topology_for(GetParam(), random);
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
    const Workload workload = testing::draw_workload(random, {});
    Topology topology = testing::draw_topology_for(GetParam(), random);
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
    Topology topology = testing::draw_topology_for(GetParam(), random);
    topology.ranks.resize(std::min<std::size_t>(topology.ranks.size(), 3), topology.ranks.front());
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

TEST(LocalSearch, GivesARankOfHalfTheSpeedHalfTheTables) {
  Topology topology = read_topology("2xcpu-64GiB");
  topology.ranks[1].speed = 0.5;
  const Plan plan = plan_of_weights(equal_tables(12, 64), topology, {ShardingType::table_wise});
  EXPECT_NEAR(static_cast<double>(shards_on(plan, RankId(0))), 8, 1);
}

TEST(LocalSearch, FillsRanksByTheMemoryTheyHave) {
  Topology topology = read_topology("3xcpu-1GiB");
  topology.ranks[0].memory = Bytes(300'000'000);  // room for one of 256 MB
  topology.ranks[1].memory = Bytes(600'000'000);
  topology.ranks[2].memory = Bytes(1'300'000'000);
  const Plan plan = plan_of_weights(equal_tables(8, 64), topology, {ShardingType::table_wise});
  EXPECT_EQ(shards_on(plan, RankId(0)), 1);
  EXPECT_EQ(shards_on(plan, RankId(1)), 2);
  EXPECT_EQ(shards_on(plan, RankId(2)), 5);
}

TEST(LocalSearch, SpreadsAGiantTableThatFitsNoFewRanks) {
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

TEST(LocalSearch, KeepsSumsWithinNodesWhereTheLinksBetweenThemAreSlow) {
  const Topology real = two_nodes(10e9);
  Topology blind = two_nodes(100e9);
  for (RankSpec& rank : blind.ranks) rank.node = 0;
  const NodePlan aware = plan_for(real, real);
  const NodePlan unaware = plan_for(blind, real);
  EXPECT_LT(aware.cost_ms, 0.9 * unaware.cost_ms);
  EXPECT_LT(aware.bytes_between_nodes, 0.9 * unaware.bytes_between_nodes);
}

TEST(LocalSearch, ChoosesOtherwiseWhereTheLinksBetweenNodesAreFaster) {
  const Topology real = two_nodes(1000e9);
  const NodePlan fast = plan_for(real, real);
  const NodePlan for_slow_links = plan_for(two_nodes(10e9), real);
  EXPECT_LT(fast.cost_ms, for_slow_links.cost_ms);
  EXPECT_GT(fast.bytes_between_nodes, for_slow_links.bytes_between_nodes);
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
