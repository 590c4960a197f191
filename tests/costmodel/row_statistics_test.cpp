#include "costmodel/row_statistics.hpp"

#include "costmodel/analytic.hpp"
#include "costmodel/compute/shard_features.hpp"
#include "costmodel/device.hpp"
#include "costmodel/kept_rows.hpp"
#include "costmodel/unique_rows.hpp"
#include "tests/costmodel/neural/straight_models.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace shardwright {
namespace {

using testing::kExchangeTimes;
using testing::kMsPerByte;
using testing::kSamples;
using Ranks = testing::StraightRanks;

Shard columns(std::int64_t begin, std::int64_t end) {
  return {TableId{0}, ShardingType::column_wise, 0, 1000, begin, end, RankId{0}};
}

TEST(RowStatistics, AreSharedByPartsOfColumnsUnderRowWiseOptimizers) {
  Table table = testing::sample_table(1000, 16, 2);
  for (const OptimizerKind kind : {OptimizerKind::rowwise_adagrad, OptimizerKind::rowwise_adam}) {
    table.optimizer = kind;
    EXPECT_TRUE(shares_row_statistics(table, columns(0, 8)));
    EXPECT_FALSE(shares_row_statistics(table, columns(0, 16)));
  }
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adagrad, OptimizerKind::adam, OptimizerKind::ftrl}) {
    table.optimizer = kind;
    EXPECT_FALSE(shares_row_statistics(table, columns(0, 8)));
    EXPECT_EQ(statistics_sent(table, columns(0, 8), 10, 4).bytes, 0);
  }
}

TEST(RowStatistics, GoToEveryOtherOwner) {
  const Table table = testing::sample_table(1000, 16, 2);
  const StatisticsSent halves = statistics_sent(table, columns(0, 8), 10, 4);
  EXPECT_DOUBLE_EQ(halves.bytes, 8 * 10);
  EXPECT_DOUBLE_EQ(halves.messages, 1);
  EXPECT_DOUBLE_EQ(statistics_sent(table, columns(0, 4), 10, 4).bytes, 8 * 10 * 3);
  EXPECT_DOUBLE_EQ(statistics_sent(table, columns(0, 4), 10, 2).bytes, 8 * 10);  // two ranks
  EXPECT_DOUBLE_EQ(statistics_sent(table, columns(0, 4), 10, 1).bytes, 0);
}

TEST(StatisticsExchange, TakesTheSlowerLink) {
  Topology topology = testing::sample_topology(2, 2);
  topology.intra = {1e9, 1e-6};
  topology.inter = {1e8, 1e-5};
  const StatisticsExchange exchange(topology);
  EXPECT_EQ(exchange.milliseconds(RankId{0}, {}), 0);
  // Two of the three others are on the other node.
  EXPECT_NEAR(exchange.milliseconds(RankId{0}, {3e6, 3}), 1e3 * (2e6 / 1e8 + 2e-5), 1e-9);
  EXPECT_NEAR(exchange.milliseconds(RankId{0}, {3e6, 30}), 1e3 * (2e6 / 1e8 + 2e-5), 1e-9);
  topology.inter = {1e12, 0};
  EXPECT_NEAR(StatisticsExchange(topology).milliseconds(RankId{3}, {3e6, 3}),
              1e3 * (1e6 / 1e9 + 1e-6), 1e-9);
}

// The same cuts of a table under an optimizer whose owners share statistics, and under sgd.
struct Cuts {
  Cuts() : shards(ranks.cut(1, ShardingType::column_wise)) {
    touched = expected_unique_rows(ranks.workload.tables[1], ranks.workload.batch_size);
    sgd.workload.tables[1].optimizer = OptimizerKind::sgd;
  }
  Ranks ranks;
  Ranks sgd;
  std::vector<Shard> shards;
  double touched = 0;
};

TEST(RowStatistics, ArePricedByTheAnalyticModel) {
  const Cuts cuts;
  const Table& table = cuts.ranks.workload.tables[1];
  const auto price = [&](const Ranks& ranks) {
    return AnalyticCostModel().price(ranks.workload, ranks.topology, cuts.shards).front();
  };
  const PhaseTimes times = price(cuts.ranks);
  const PhaseTimes without = price(cuts.sgd);
  EXPECT_EQ(times.comm_forward_ms, without.comm_forward_ms);
  const Link& link = cuts.ranks.topology.intra;
  EXPECT_NEAR(times.comm_backward_ms - without.comm_backward_ms,
              1e3 * (8 * cuts.touched / link.bandwidth_bytes_per_second + link.latency_seconds),
              1e-9);
  const KeptShare kept = expected_kept_share(table, cuts.ranks.workload.batch_size);
  const Device& cpu = find_device("cpu");
  const double streamed =
      (8 * 5 + 4 * 8) * kSamples * (1 - kept.ids) + 2 * 4 * 8 * cuts.touched * kept.rows;
  const double state = 2 * 4 * cuts.touched / cpu.gather_efficiency;  // sgd has none
  EXPECT_GT(kept.ids, 0.5);
  EXPECT_NEAR(times.compute_backward_ms - without.compute_backward_ms,
              1e3 * (streamed + state) / cpu.memory_bandwidth_bytes_per_second, 1e-9);
}

TEST(RowStatistics, ArePricedAsAnAllToAllByCommunicationModels) {
  const Cuts cuts;
  const CommModel model = testing::straight_model({kExchangeTimes});
  const PhaseTimes times = cuts.ranks.price(model, cuts.shards).front();
  const PhaseTimes without = cuts.sgd.price(model, cuts.shards).front();
  EXPECT_NEAR(times.comm_backward_ms - without.comm_backward_ms, kMsPerByte * 2 * 8 * cuts.touched,
              1e-9);  // of two parts one stays
  EXPECT_EQ(times.comm_input_ms, without.comm_input_ms);
  EXPECT_EQ(times.comm_forward_ms, without.comm_forward_ms);
}

TEST(RowStatistics, MakeTheOperatorSumGradientsInTwoPasses) {
  const Table table = testing::sample_table(1000, 16, 5);
  ReuseHistogram reuse{};
  reuse[0] = reuse[8] = 0.5;
  const auto summed = [&](const Shard& shard) {
    const ShardWork work = shard_work(table, shard, kSamples, 700, reuse);
    return work_terms(work).backward[3] / static_cast<double>(shard.columns());
  };
  const double once = 5 * kSamples;
  const KeptShare kept = kept_share(reuse);
  EXPECT_DOUBLE_EQ(summed(columns(0, 16)), once);
  EXPECT_DOUBLE_EQ(summed(columns(0, 8)), once * (2 - kept.ids) + 700 * kept.rows);
  EXPECT_EQ(kBackwardTermNames[3], "summed_values");
}

}  // namespace
}  // namespace shardwright
