#include "planner/unique_rows_memory.hpp"

#include "planner/unique_rows_price.hpp"
#include "tests/planner/hot_and_cold.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace shardwright {
namespace {

/// What is counted on `rank` beside workload_as_exchanged().
double more(const Plan& plan, std::size_t rank, Bytes RankMemory::*part) {
  const auto found = memory_of_plan(plan, plan.shards);
  const auto base =
      memory_of_ranks(plan.memory_model, workload_as_exchanged(plan), plan.topology, plan.shards);
  return static_cast<double>((found[rank].*part - base[rank].*part).value());
}

double unique_ids(const Plan& plan, TableId table) {
  return unique_ids_of_rank(plan.workload.table(table), plan.workload, plan.topology);
}

/// 4,096 samples of one id each, and of the owner the rows that both ranks ask for and its own.
TEST(UniqueRowsMemory, CountsWhatARankDoesItself) {
  const Plan plan = hot_and_cold({kHot});
  const double u = unique_ids(plan, kHot);
  EXPECT_NEAR(more(plan, 1, &RankMemory::ids), 4096 * 12 + 8 * u, 1);
  EXPECT_NEAR(more(plan, 1, &RankMemory::buffers), 4096 * (12 + 48) + 16 * u, 2);
  EXPECT_NEAR(more(plan, 1, &RankMemory::activations), 8 * 64 * 4096 - 4 * 64 * u, 1);
  EXPECT_NEAR(more(plan, 1, &RankMemory::grouping), 40 * 4096 + 16 * u, 1);
  EXPECT_NEAR(more(plan, 0, &RankMemory::activations) - more(plan, 1, &RankMemory::activations),
              4 * 64 * u * 3, 2);
}

/// The next batch's ids are made unique and exchanged in buffers of their own; rows are not.
TEST(UniqueRowsMemory, CountsIdsTwiceWithOverlapAndRowsOnce) {
  Plan plan = hot_and_cold({kHot});
  const double ids = more(plan, 1, &RankMemory::ids);
  const double buffers = more(plan, 1, &RankMemory::buffers);
  const double activations = more(plan, 0, &RankMemory::activations);
  const double grouping = more(plan, 1, &RankMemory::grouping);
  plan.memory_model = MemoryModel::overlap;
  EXPECT_NEAR(more(plan, 1, &RankMemory::ids), 2 * ids, 2);
  EXPECT_NEAR(more(plan, 1, &RankMemory::buffers), 2 * buffers, 2);
  EXPECT_EQ(more(plan, 0, &RankMemory::activations), activations);
  EXPECT_EQ(more(plan, 1, &RankMemory::grouping), grouping);
}

/// A rank's different ids are cut where they lie and their rows come in their order: neither cut
/// bags nor positions are kept, which unpooled tables need.
TEST(UniqueRowsMemory, NeedsNoCutIdsOfAPartOfTheRows) {
  Plan plan = hot_and_cold({kCold});
  const double u = unique_ids(plan, kCold);
  plan.shards[1].row_end = 50'000'000;
  plan.shards[1].type = ShardingType::row_wise;
  for (const auto& [model, per_id] :
       {std::pair(MemoryModel::full, 12.0), {MemoryModel::overlap, 20.0}}) {
    plan.memory_model = model;
    const RankMemory base =
        shard_memory(model, workload_as_exchanged(plan), plan.topology, plan.shards[1]);
    const RankMemory rows = PlanMemory(plan).of(plan.shards[1]);
    EXPECT_NEAR(static_cast<double>((base.buffers - rows.buffers).value()), per_id * u, 2);
    EXPECT_NEAR(static_cast<double>((base.reserve - rows.reserve).value()), per_id * u / 8, 2);
    EXPECT_EQ(rows.ids, base.ids);
  }
}

/// The numbering's place serves one table after the other.
TEST(UniqueRowsMemory, CountsTheNumberingOfTheLargestTableAlone) {
  Plan plan = hot_and_cold({kHot});
  plan.unique_rows = {kHot, kCold};
  const double packed = 4096 * 12 + 4096 * (50 * 8 + 4);
  EXPECT_NEAR(more(plan, 0, &RankMemory::buffers),
              packed + 4096 * 50 * 48 + 16 * unique_ids(plan, kCold), 3);
}

TEST(UniqueRowsMemory, IsThatOfShardsAndBatchAddedUp) {
  for (const MemoryModel model : {MemoryModel::full, MemoryModel::overlap}) {
    Plan plan = hot_and_cold({kHot});
    plan.memory_model = model;
    const PlanMemory memory(plan);
    RankMemory sum = memory.batch();
    sum += memory.of(plan.shards[0]);
    EXPECT_EQ(memory_of_plan(plan, plan.shards)[0], sum);
  }
}

TEST(UniqueRowsMemory, DoesNotMatterToModelsOfWeights) {
  Plan plan = hot_and_cold({kHot});
  for (const MemoryModel model : {MemoryModel::weights, MemoryModel::torchrec}) {
    plan.memory_model = model;
    EXPECT_EQ(memory_of_plan(plan, plan.shards),
              memory_of_ranks(model, plan.workload, plan.topology, plan.shards));
  }
}

}  // namespace
}  // namespace shardwright
