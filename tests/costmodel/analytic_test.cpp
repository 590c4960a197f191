#include "costmodel/analytic.hpp"

#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::cut;
using testing::sample_table;
using testing::whole;

// One or more ranks of a device whose figures are round, by way of the links and a speed.
Topology round_topology(std::int64_t nodes, std::int64_t per_node) {
  Topology topology = testing::sample_topology(nodes, per_node);
  topology.intra = {1e9, 1e-6};
  topology.inter = {1e8, 1e-5};
  return topology;
}

Workload one_table(Table table, std::int64_t batch_size) {
  return {{std::move(table)}, batch_size};
}

std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                              const std::vector<Shard>& shards) {
  return AnalyticCostModel().price(workload, topology, shards);
}

constexpr double kExact = 1e-12;

// cpu: 20 GB/s, random rows at a tenth of it, 2 us per call.
TEST(Analytic, ComputesAsTheBytesFormulasSay) {
  Workload workload = one_table(sample_table(100'000, 32, 10), 100);
  workload.tables[0].reuse = ReuseHistogram{0, 1};  // 1000 lookups of 500 distinct rows
  const auto ranks =
      price(workload, round_topology(1, 1), {whole(workload.tables[0], 0, RankId(0))});
  const double forward_streamed = 8 * 1000 + 4 * 32 * 100 + 4 * 32 * 500;
  const double forward_random = 4 * 32 * 500;
  EXPECT_NEAR(ranks[0].compute_forward_ms,
              1e3 * (2e-6 + forward_streamed / 20e9 + forward_random / 2e9), kExact);
  const double backward_streamed = 8 * 1000 + 4 * 32 * 100;
  const double backward_random = (8 * 32 + 8) * 500;
  EXPECT_NEAR(ranks[0].compute_backward_ms,
              1e3 * (2e-6 + backward_streamed / 20e9 + backward_random / 2e9), kExact);
  EXPECT_EQ(ranks[0].comm_input_ms + ranks[0].comm_forward_ms + ranks[0].comm_backward_ms, 0);
}

TEST(Analytic, SendsIdsOneWayAndPooledRowsBothWays) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 100);
  const auto ranks =
      price(workload, round_topology(1, 2), {whole(workload.tables[0], 0, RankId(1))});
  const double input_ms = 1e3 * (1e-6 + (8.0 * 500 + 4 * 50) / 1e9);
  const double output_ms = 1e3 * (1e-6 + 4.0 * 16 * 50 / 1e9);
  for (const PhaseTimes& rank : ranks) {
    EXPECT_NEAR(rank.comm_input_ms, input_ms, kExact);
    EXPECT_NEAR(rank.comm_forward_ms, output_ms, kExact);
    EXPECT_NEAR(rank.comm_backward_ms, output_ms, kExact);
  }
}

TEST(Analytic, LetsAnEmptyRankWaitButNotCompute) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 100);
  const auto ranks =
      price(workload, round_topology(1, 2), {whole(workload.tables[0], 0, RankId(1))});
  EXPECT_EQ(ranks[0].compute_forward_ms, 0);
  EXPECT_EQ(ranks[0].compute_backward_ms, 0);
  EXPECT_GT(ranks[0].comm_forward_ms, 0);
}

TEST(Analytic, PricesNothingAtNothing) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 100);
  for (const PhaseTimes& rank : price(workload, round_topology(2, 2), {})) {
    EXPECT_EQ(rank, PhaseTimes{});
  }
}

TEST(Analytic, AllowsAFeatureNeverSeen) {
  const Workload workload = one_table(sample_table(1000, 16, 0), 100);
  const auto ranks =
      price(workload, round_topology(1, 1), {whole(workload.tables[0], 0, RankId(0))});
  // Empty bags still put out a row of zeros each.
  EXPECT_NEAR(ranks[0].compute_forward_ms, 1e3 * (2e-6 + 4.0 * 16 * 100 / 20e9), kExact);
}

TEST(Analytic, TakesTwiceAsLongAtHalfTheSpeed) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 100);
  Topology topology = round_topology(1, 2);
  const std::vector<Shard> shards = {whole(workload.tables[0], 0, RankId(0))};
  const auto fast = price(workload, topology, shards);
  topology.ranks[0].speed = 0.5;
  const auto slow = price(workload, topology, shards);
  EXPECT_NEAR(slow[0].compute_forward_ms, 2 * fast[0].compute_forward_ms, kExact);
  EXPECT_EQ(slow[0].comm_forward_ms, fast[0].comm_forward_ms);
}

TEST(Analytic, UsesTheSlowLinkBetweenNodes) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 400);
  const auto ranks =
      price(workload, round_topology(2, 2), {whole(workload.tables[0], 0, RankId(0))});
  const double bytes = 4.0 * 16 * 100;  // per receiver
  EXPECT_NEAR(ranks[0].comm_forward_ms, 1e3 * (2 * 1e-5 + 2 * bytes / 1e8), kExact);
  EXPECT_NEAR(ranks[1].comm_forward_ms, 1e3 * (1e-6 + bytes / 1e9), kExact);
  EXPECT_NEAR(ranks[2].comm_forward_ms, 1e3 * (1e-5 + bytes / 1e8), kExact);
}

TEST(Analytic, SendsReducedRowsOnceBetweenNodes) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 400);
  const Topology topology = round_topology(2, 2);
  const auto shards = cut(workload.tables[0], 0, ShardingType::table_row_wise, topology);
  const auto ranks = price(workload, topology, shards);
  // 400 outputs: each rank of node 0 sums 200, and sends 100 of them on to its counterpart.
  const double within = 1e-6 + 4.0 * 16 * 200 / 1e9;
  const double between = 1e-5 + 4.0 * 16 * 100 / 1e8;
  EXPECT_NEAR(ranks[0].comm_forward_ms, 1e3 * std::max(within, between), kExact);
  EXPECT_NEAR(ranks[2].comm_forward_ms, 1e3 * between, kExact);
}

TEST(Analytic, ReducesReplicatedGradientsInARing) {
  const Workload workload = one_table(sample_table(1000, 16, 10), 100);
  const auto ranks = price(workload, round_topology(1, 4), {whole(workload.tables[0], 0, {})});
  const double ring_ms = 1e3 * 2 * 3 * (1e-6 + 4.0 * 16 * 1000 / 4 / 1e9);
  for (const PhaseTimes& rank : ranks) {
    EXPECT_EQ(rank.comm_input_ms, 0);
    EXPECT_EQ(rank.comm_forward_ms, 0);
    EXPECT_NEAR(rank.comm_backward_ms, ring_ms, kExact);
    EXPECT_GT(rank.compute_forward_ms, 0);
  }
}

TEST(Analytic, ChargesNarrowShardsForWholeMemoryLines) {
  const Workload workload = one_table(sample_table(1'000'000, 64, 10), 100);
  const Topology topology = round_topology(1, 1);
  const auto forward = [&](std::int64_t columns) {
    Shard shard = whole(workload.tables[0], 0, RankId(0));
    shard.col_end = columns;
    return price(workload, topology, {shard})[0].compute_forward_ms;
  };
  // 16 columns of fp32 fill a line of 64 bytes: below, only the output shrinks.
  EXPECT_NEAR(forward(16) - forward(8), 1e3 * 4 * 8 * 100 / 20e9, kExact);
  EXPECT_GT(forward(32) - forward(16), 1e3 * 4 * 16 * 100 / 20e9);
}

TEST(Analytic, PutsOutARowPerIdWithoutPooling) {
  Workload workload = one_table(sample_table(1000, 16, 10), 100);
  const Topology topology = round_topology(1, 2);
  const std::vector<Shard> shards = {whole(workload.tables[0], 0, RankId(0))};
  workload.tables[0].mode = PoolingMode::none;
  EXPECT_NEAR(price(workload, topology, shards)[0].comm_forward_ms,
              1e3 * (1e-6 + 4.0 * 16 * 500 / 1e9), kExact);
}

}  // namespace
}  // namespace shardwright
