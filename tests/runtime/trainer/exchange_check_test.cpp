#include "runtime/trainer/exchange_check.hpp"

#include "runtime/comm/collectives.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

using Reports = std::vector<StepReport>;

/// Tables of 8 rows and dim 4 on these ranks, of three.
Plan plan_on(const std::vector<std::int64_t>& ranks, ShardingType type = ShardingType::table_wise) {
  Plan plan;
  plan.topology.ranks.resize(3);
  for (std::size_t t = 0; t < ranks.size(); ++t) {
    plan.workload.tables.emplace_back();
    plan.shards.push_back({TableId::of(t), type, 0, 8, 0, 4, RankId{ranks[t]}});
  }
  return plan;
}

/// Three ranks of one sample each that send a little of everything.
Reports busy_ranks() {
  StepReport report;
  report.samples = 1;
  report.bytes_sent = {2 * 32 + 4, 16, 16, 0};
  return Reports(3, report);
}

std::string refusal(const Plan& plan, const Reports& ranks) {
  try {
    ExchangeCheck(plan).require(7, ranks);
    return "";
  } catch (const CollectiveError& error) {
    EXPECT_EQ(error.code(), ExitCode::check_failed);
    return error.what();
  }
}

TEST(ExchangeCheck, AStepInWhichOneRankSendsNothingIsAFailure) {
  const Plan plan = plan_on({0, 1, 2});
  EXPECT_EQ(refusal(plan, busy_ranks()), "");
  for (const auto kind : {StepTraffic::input, StepTraffic::output, StepTraffic::gradient}) {
    Reports ranks = busy_ranks();
    ranks[1].bytes(kind) = 0;
    EXPECT_THAT(refusal(plan, ranks),
                testing::HasSubstr("Rank 1 sent nothing in the " +
                                   std::string(kStepTrafficNames[static_cast<std::size_t>(kind)]) +
                                   " exchange of step 7"));
  }
}

TEST(ExchangeCheck, CountsOfIdsAreNoInput) {
  Reports ranks = busy_ranks();
  ranks[2].bytes(StepTraffic::input) = 2 * 32;
  EXPECT_THAT(refusal(plan_on({0, 1, 2}), ranks), testing::HasSubstr("Rank 2 sent nothing"));
}

/// A batch may name none of their rows.
TEST(ExchangeCheck, TablesThatSendUniqueRowsAskForNothing) {
  Plan plan = plan_on({0, 1});
  Reports ranks = busy_ranks();
  ranks[1].bytes(StepTraffic::output) = 0;
  EXPECT_THAT(refusal(plan, ranks), testing::HasSubstr("Rank 1 sent nothing"));
  plan.unique_rows = {TableId{1}};
  EXPECT_EQ(refusal(plan, ranks), "");
  ranks[0].bytes(StepTraffic::output) = 0;
  EXPECT_THAT(refusal(plan, ranks), testing::HasSubstr("Rank 0 sent nothing"));
}

TEST(ExchangeCheck, ARankWithoutSamplesSendsEmbeddingsAlone) {
  Reports ranks = busy_ranks();
  ranks[0].samples = 0;
  ranks[0].bytes_sent = {2 * 32, 16, 0, 0};
  EXPECT_EQ(refusal(plan_on({0, 1, 2}), ranks), "");
  ranks[0].bytes(StepTraffic::output) = 0;
  EXPECT_THAT(refusal(plan_on({0, 1, 2}), ranks), testing::HasSubstr("Rank 0 sent nothing"));
}

TEST(ExchangeCheck, TheOnlyOwnerAndTheOnlyReaderNeedNotSendToThemselves) {
  Reports ranks = busy_ranks();
  ranks[1].bytes_sent = {2 * 32, 16, 0, 0};  // owns everything
  ranks[0].bytes_sent = ranks[2].bytes_sent = {2 * 32 + 4, 0, 16, 0};
  EXPECT_EQ(refusal(plan_on({1, 1}), ranks), "");
  ranks = Reports(3);
  ranks[1].samples = 1;  // and has the only sample
  EXPECT_EQ(refusal(plan_on({1, 1}), ranks), "");
}

TEST(ExchangeCheck, RowWiseShardsSendToo) {
  Reports ranks = busy_ranks();
  ranks[2].bytes(StepTraffic::output) = 0;
  EXPECT_THAT(refusal(plan_on({0, 1, 2}, ShardingType::row_wise), ranks),
              testing::HasSubstr("Rank 2 sent nothing"));
}

TEST(ExchangeCheck, DataParallelTablesAreOnEveryRank) {
  Plan plan = plan_on({0}, ShardingType::data_parallel);
  plan.shards.front().rank.reset();
  Reports ranks = busy_ranks();
  for (StepReport& report : ranks) report.bytes_sent = {2 * 32, 0, 0, 0};
  EXPECT_EQ(refusal(plan, ranks), "");
}

TEST(ExchangeCheck, TablesWithoutPoolingMayHaveNothingToSendButLengths) {
  Plan plan = plan_on({0, 1, 2});
  for (Table& table : plan.workload.tables) table.mode = PoolingMode::none;
  Reports ranks = busy_ranks();
  ranks[1].bytes_sent = {2 * 32 + 4, 0, 0, 0};
  EXPECT_EQ(refusal(plan, ranks), "");
  plan.workload.tables[1].mode = PoolingMode::mean;
  EXPECT_THAT(refusal(plan, ranks), testing::HasSubstr("Rank 1 sent nothing in the output"));
  ranks[1].bytes_sent = {2 * 32, 0, 0, 0};
  EXPECT_THAT(refusal(plan, ranks), testing::HasSubstr("Rank 1 sent nothing in the input"));
}

}  // namespace
}  // namespace shardwright
