#include "planner/changing_plan.hpp"

#include "planner/rate_plan.hpp"
#include "planner/unique_rows.hpp"
#include "tests/planner/sample_plan.hpp"
#include "tests/planner/search/random_problems.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

constexpr std::uint64_t kCases = 60;

/// One of: whole, cut by columns, cut by rows over all ranks, on every rank.
std::vector<Shard> draw_shards(RandomStream& random, const Plan& plan, TableId id) {
  const Table& table = plan.workload.table(id);
  const auto ranks = plan.topology.ranks.size();
  const auto any_rank = [&] { return RankId::of(random.below(ranks)); };
  const Shard whole{id, ShardingType::table_wise, 0, table.rows, 0, table.dim, any_rank()};
  std::vector<Shard> shards = {whole};
  const std::size_t kind = random.below(4);
  if (kind == 1 && table.dim >= 8) {
    shards = {whole, whole};
    for (Shard& shard : shards) shard.type = ShardingType::column_wise;
    shards[0].col_end = shards[1].col_begin = 4;
    shards[1].rank = any_rank();
  } else if (kind == 2 && table.rows >= 2) {
    shards = {whole, whole};
    for (Shard& shard : shards) shard.type = ShardingType::row_wise;
    shards[0].row_end = shards[1].row_begin = table.rows / 2;
    shards[1].rank = any_rank();
  } else if (kind == 3 && !sends_unique_rows(plan, id)) {
    shards[0].type = ShardingType::data_parallel;
    shards[0].rank.reset();
  }
  return shards;
}

Plan draw_plan(RandomStream& random, const std::string& cost_model) {
  Plan plan;
  plan.workload = testing::draw_workload(random, {.most_tables = 8, .widest = 8});
  plan.topology = testing::draw_topology_for(cost_model, random);
  plan.memory_model = static_cast<MemoryModel>(random.below(4));
  for (std::size_t i = 0; i < plan.workload.tables.size(); ++i) {
    const TableId id = TableId::of(i);
    if (random.below(3) == 0 && has_unique_rows(plan.workload.table(id), plan.topology)) {
      plan.unique_rows.push_back(id);
    }
    for (const Shard& shard : draw_shards(random, plan, id)) plan.shards.push_back(shard);
  }
  return plan;
}

void expect_rated_alike(const ChangingPlan& changing, const CostModel& model) {
  Plan plan = changing.plan();
  plan.shards = changing.all_shards();
  rate_plan(plan, model);
  const auto times = changing.times();
  EXPECT_NEAR(changing.cost_ms(times), plan.cost_ms, 1e-8 * plan.cost_ms);
  Bytes fullest;
  for (std::size_t rank = 0; rank < times.size(); ++rank) {
    EXPECT_EQ(changing.memory(RankId::of(rank)), plan.predicted[rank].memory);
    fullest = std::max(fullest, plan.predicted[rank].memory);
  }
  EXPECT_EQ(changing.fullest(), fullest);
}

class ChangingPlans : public ::testing::TestWithParam<std::string> {};

TEST_P(ChangingPlans, AreRatedLikePlansFromScratch) {
  const auto model = make_cost_model(GetParam());
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 41);
    const Plan plan = draw_plan(random, GetParam());
    ChangingPlan changing(plan, *model);
    expect_rated_alike(changing, *model);
    const TableId table = TableId::of(random.below(plan.workload.tables.size()));
    const auto before = changing.times();
    const std::vector<Shard> now = changing.shards(table);
    changing.place(table, draw_shards(random, plan, table));
    expect_rated_alike(changing, *model);
    changing.place(table, now);
    EXPECT_EQ(changing.times(), before) << "to the bit";
  }
}

TEST_P(ChangingPlans, PriceATableAlone) {
  const auto model = make_cost_model(GetParam());
  for (std::uint64_t seed = 0; seed < kCases / 4; ++seed) {
    SCOPED_TRACE(seed);
    RandomStream random(seed, 42);
    const Plan plan = draw_plan(random, GetParam());
    ChangingPlan changing(plan, *model);
    const auto before = changing.times();
    const RankId rank = RankId::of(random.below(plan.topology.ranks.size()));
    Plan alone = plan;
    std::erase_if(alone.shards, [](const Shard& shard) { return shard.table != TableId(0); });
    std::erase_if(alone.unique_rows, [](TableId table) { return table != TableId(0); });
    rate_plan(alone, *model);
    EXPECT_NEAR(changing.alone(TableId(0), std::vector{rank})[0].total_ms(),
                alone.predicted[rank.index()].phases.total_ms(),
                1e-8 * alone.predicted[rank.index()].phases.total_ms());
    EXPECT_EQ(changing.times(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ChangingPlans,
                         ::testing::Values("torchrec", "analytic", testing::kFittedModels));

/// As a plan file may have it: sums that leave 64 bits.
TEST(ChangingPlan, CountsMoreMemoryThanAnyMachineHas) {
  Plan plan = whole_tables({{4, 0}, {4, 0}, {4, 0}}, {kPlenty, kPlenty});
  for (Table& table : plan.workload.tables) table.rows = std::int64_t{1} << 57;
  for (Shard& shard : plan.shards) shard.row_end = std::int64_t{1} << 57;
  plan.workload.tables[2].rows = plan.shards[2].row_end = 10;
  ChangingPlan changing(plan, ColumnCostModel());
  EXPECT_EQ(changing.memory(RankId(0)), Bytes(std::int64_t{1} << 61));
  EXPECT_EQ(changing.most_missing(), Bytes((std::int64_t{1} << 61) - kPlenty));
  changing.place(TableId(0), {});
  changing.place(TableId(1), {});
  EXPECT_EQ(changing.memory(RankId(0)), Bytes(4 * 4 * 10)) << "nothing was rounded off";
}

}  // namespace
}  // namespace shardwright
