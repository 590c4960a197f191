#include "costmodel/torchrec/cost_model.hpp"
#include "costmodel/torchrec/perf.hpp"
#include "costmodel/torchrec/storage.hpp"
#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

namespace shardwright::torchrec {
namespace {

using testing::sample_table;
using testing::sample_topology;
using testing::whole;

double forward(std::int64_t columns, bool weighted = false) {
  Table table = sample_table(1000, 256, 10);
  table.weighted = weighted;
  return estimate_perf(table, ShardingType::table_wise, columns, Setting{}).forward_compute;
}

TEST(TorchrecPerf, PunishesNarrowBlocks) {
  // One id per bag, so that all bytes but the ids' scale with columns: 8·B + 2·4·d·B.
  const Table table = sample_table(1000, 256, 1);
  const auto price = [&](std::int64_t columns) {
    return estimate_perf(table, ShardingType::table_wise, columns, Setting{}).forward_compute;
  };
  EXPECT_NEAR(price(64) / price(128), 1.15 * (8 + 8 * 64) / (8 + 8 * 128), 1e-12);
  EXPECT_NEAR(price(32) / price(128), 1.75 * (8 + 8 * 32) / (8 + 8 * 128), 1e-12);
  // Rows are read 32 columns at a time.
  EXPECT_NEAR(price(16) / price(128), 1.75 * (8 + 4 * 32 + 4 * 16) / (8 + 8 * 128), 1e-12);
}

TEST(TorchrecPerf, ChargesWeightsTwiceTheIdsAndALongerBackward) {
  EXPECT_NEAR(forward(128, true) / forward(128),
              (160 + 4.0 * 128 * 10 + 512) / (80 + 4.0 * 128 * 10 + 512), 1e-12);
  Table table = sample_table(1000, 128, 10);
  table.weighted = true;
  const Perf perf = estimate_perf(table, ShardingType::table_wise, 128, Setting{});
  EXPECT_NEAR(perf.backward_compute / perf.forward_compute, 3.1, 1e-12);
}

TEST(TorchrecStorage, CountsOptimizerStateAsTorchrecDoes) {
  Table table = sample_table(1000, 64, 0);
  table.features = {"a"};
  Setting setting;
  setting.batch_per_rank = 0;
  const auto bytes = [&](OptimizerKind optimizer) {
    table.optimizer = optimizer;
    return estimate_storage(table, ShardingType::table_wise, 1000, 64, setting).hbm.value();
  };
  EXPECT_EQ(bytes(OptimizerKind::sgd), 256'000);
  EXPECT_EQ(bytes(OptimizerKind::rowwise_adagrad), 256'000 + 4'000);
  EXPECT_EQ(bytes(OptimizerKind::adagrad), 2 * 256'000);
  EXPECT_EQ(bytes(OptimizerKind::adam), 3 * 256'000);
}

TEST(TorchrecStorage, CountsNoInputAndOutputForAnEmptyShard) {
  const Table table = sample_table(1000, 64, 10);
  EXPECT_EQ(estimate_storage(table, ShardingType::row_wise, 0, 64, Setting{}).hbm.value(), 0);
}

TEST(TorchrecStorage, LiesInHostMemoryOnCpuRanks) {
  const Table table = sample_table(1000, 64, 10);
  Setting setting;
  const Storage gpu = estimate_storage(table, ShardingType::table_wise, 1000, 64, setting);
  setting.device = ComputeDevice::cpu;
  const Storage cpu = estimate_storage(table, ShardingType::table_wise, 1000, 64, setting);
  EXPECT_EQ(cpu.hbm.value(), 0);
  EXPECT_EQ(cpu.ddr, gpu.hbm);
}

TEST(TorchrecStorage, OfAShardFollowsItsTopology) {
  Workload workload;
  workload.tables = {sample_table(1000, 64, 10)};
  workload.batch_size = 80;
  const Topology topology = sample_topology(1, 8, "H100");
  const Shard shard = whole(workload.tables[0], 0, RankId(3));
  // Weights, one value of state per row, 80·10 ids, 80 pooled rows.
  EXPECT_EQ(shard_bytes(workload, topology, shard).value(),
            256'000 + 4'000 + 80 * 10 * 8 + 80 * 64 * 4);
}

TEST(TorchrecCostModel, AddsUpShardsRankByRank) {
  Workload workload;
  workload.tables = {sample_table(1000, 64, 10), sample_table(500, 128, 3, "u")};
  workload.batch_size = 4096;
  const Topology topology = sample_topology(2, 2, "V100-32GB");
  const std::vector<Shard> shards = {whole(workload.tables[0], 0, RankId(2)),
                                     whole(workload.tables[1], 1, RankId(2)),
                                     whole(workload.tables[1], 1, {})};
  const auto price = TorchrecCostModel().price(workload, topology, shards);
  double total = 0;
  for (const Shard& shard : shards) {
    total += estimate_perf(workload.table(shard.table), shard.type, shard.columns(),
                           setting_of(workload, topology, shard))
                 .total();
  }
  EXPECT_DOUBLE_EQ(price[2].total_ms(), total);
  EXPECT_GT(price[0].total_ms(), 0);  // the data_parallel copy
  EXPECT_EQ(price[0], price[3]);
  EXPECT_LT(price[0].total_ms(), total);
}

}  // namespace
}  // namespace shardwright::torchrec
