#include "runtime/embedding/supported_plan.hpp"

#include "costmodel/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// One table of 10 × 16, columns [0, 4) on rank 1 and [4, 16) on rank 0.
Plan make_plan() {
  Plan plan;
  plan.topology.ranks.resize(2);
  Table table;
  table.name = "movies";
  table.rows = 10;
  table.dim = 16;
  table.features = {"movies"};
  plan.workload.tables = {table};
  const Shard left{
      .type = ShardingType::column_wise, .row_end = 10, .col_end = 4, .rank = RankId{1}};
  const Shard right{.type = ShardingType::column_wise,
                    .row_end = 10,
                    .col_begin = 4,
                    .col_end = 16,
                    .rank = RankId{0}};
  plan.shards = {left, right};
  return plan;
}

std::string refusal(const Plan& plan, std::int64_t ranks = 2) {
  try {
    require_supported(plan, ranks);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

TEST(RequireSupported, AcceptsUnevenColumnSplitsInAnyOrder) {
  Plan plan = make_plan();
  EXPECT_EQ(refusal(plan), "");
  std::swap(plan.shards[0], plan.shards[1]);
  EXPECT_EQ(refusal(plan), "");
}

TEST(RequireSupported, TellsThePlansRanksAndTheJobs) {
  EXPECT_THAT(refusal(make_plan(), 3),
              AllOf(HasSubstr("for 2 ranks, but this job has 3"), HasSubstr("mpirun -n 2")));
}

TEST(RequireSupported, AcceptsEveryPooling) {
  Plan plan = make_plan();
  for (const PoolingMode mode : {PoolingMode::sum, PoolingMode::mean, PoolingMode::none}) {
    plan.workload.tables[0].mode = mode;
    EXPECT_EQ(refusal(plan), "");
  }
}

TEST(RequireSupported, AcceptsEveryFormatAndOptimizer) {
  Plan plan = make_plan();
  for (const DataType dtype : {DataType::fp32, DataType::bf16, DataType::fp16}) {
    for (const OptimizerKind optimizer :
         {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad,
          OptimizerKind::adam, OptimizerKind::rowwise_adam, OptimizerKind::ftrl}) {
      plan.workload.tables[0].dtype = dtype;
      plan.workload.tables[0].optimizer = optimizer;
      EXPECT_NO_THROW(require_supported(plan, 2));
    }
  }
}

TEST(RequireSupported, TakesUniqueRowsOfTablesThatHaveOwners) {
  Plan plan = make_plan();
  plan.unique_rows = {TableId{0}};
  EXPECT_EQ(refusal(plan), "");
  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 10, 0, 16, {}}};
  EXPECT_THAT(refusal(plan), AllOf(HasSubstr("'movies' is data_parallel"),
                                   HasSubstr("leave it out of unique_rows")));
}

TEST(RequireSupported, AcceptsEveryShardingType) {
  Plan plan = make_plan();
  for (const auto type :
       {ShardingType::row_wise, ShardingType::table_row_wise, ShardingType::grid}) {
    plan.shards = {{TableId{0}, type, 0, 3, 0, 16, RankId{1}},
                   {TableId{0}, type, 3, 10, 0, 16, RankId{0}}};
    EXPECT_EQ(refusal(plan), "");
  }
  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 10, 0, 16, {}}};
  EXPECT_EQ(refusal(plan), "");
}

TEST(RequireSupported, RefusesWeightsThatAreMissingOrTwice) {
  Plan plan = make_plan();
  plan.shards[1].col_begin = 8;
  EXPECT_THAT(refusal(plan), HasSubstr("rows [0, 10) x columns [4, 8) are placed nowhere"));
  plan.shards[1].col_begin = 0;
  EXPECT_THAT(refusal(plan), HasSubstr("columns [0, 4) are placed more than once"));
  plan = make_plan();
  plan.shards[0].row_end = 9;
  EXPECT_THAT(refusal(plan), HasSubstr("rows [9, 10) x columns [0, 4) are placed nowhere"));
  plan = make_plan();
  plan.shards.clear();
  EXPECT_THAT(refusal(plan), HasSubstr("rows [0, 10) x columns [0, 16) are placed nowhere"));
}

TEST(RequireSupported, RefusesShardsOffTheirRanksOrTablesOrOfOddWidths) {
  Plan plan = make_plan();
  plan.shards[0].rank = RankId{2};
  EXPECT_THAT(refusal(plan), HasSubstr("on rank 2; it must hold rows, lie inside the table"));
  plan.shards[0].rank.reset();
  EXPECT_THAT(refusal(plan), HasSubstr("on every rank"));
  plan = make_plan();
  plan.shards[1].col_end = 20;
  EXPECT_THAT(refusal(plan), HasSubstr("columns [4, 20)"));
  plan = make_plan();
  plan.shards[0].row_begin = -1;
  EXPECT_THAT(refusal(plan), HasSubstr("rows [-1, 10)"));
  plan = make_plan();
  plan.shards[0].col_end = 6;
  plan.shards[1].col_begin = 6;
  EXPECT_THAT(refusal(plan), HasSubstr("a multiple of 4 columns"));
  plan = make_plan();
  plan.workload.tables[0].rows = 0;
  EXPECT_THAT(refusal(plan), HasSubstr("has 0 rows"));
}

TEST(RequireSupported, RefusesADataParallelTableThatIsCutOrOnOneRank) {
  Plan plan = make_plan();
  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 10, 0, 16, RankId{0}}};
  EXPECT_THAT(refusal(plan), HasSubstr("if it is data_parallel, hold the whole table"));
  plan.shards = {{TableId{0}, ShardingType::data_parallel, 0, 5, 0, 16, {}}};
  EXPECT_THAT(refusal(plan), HasSubstr("if it is data_parallel, hold the whole table"));
}

}  // namespace
}  // namespace shardwright
