#include "runtime/device/embedding_traffic.hpp"

#include "runtime/bench/device_rates.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "tests/runtime/embedding/synthetic_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace shardwright::synthetic {
namespace {

/// docs/definitions.md, for tables that one rank has whole.
EmbeddingTraffic by_definition(const Workload& workload, const Batch& batch) {
  EmbeddingTraffic expected;
  std::size_t f = 0;
  for (const Table& table : workload.tables) {
    std::set<std::int64_t> rows;
    std::int64_t ids = 0;
    for (std::size_t k = 0; k < table.features.size(); ++k, ++f) {
      ids += std::ssize(batch.features[f].ids);
      rows.insert(batch.features[f].ids.begin(), batch.features[f].ids.end());
    }
    const std::int64_t bags = batch.size * std::ssize(table.features);
    expected.ids += ids;
    expected.unique_rows += std::ssize(rows);
    expected.lookup_bytes += 8 * ids + 4 * table.dim * (ids + bags);
    expected.update_bytes +=
        8 * ids + 4 * table.dim * bags + (8 * table.dim + 8) * std::ssize(rows);
  }
  return expected;
}

TEST(EmbeddingTraffic, IsWhatTheDefinitionSays) {
  const Plan plan =
      make_plan({.optimizer = OptimizerKind::rowwise_adagrad}, Sharding::table_wise, 1, 0);
  run_ranks(1, [&](Communicator& comm) {
    const ExchangeLayout layout = make_layout(plan);
    const Batch batch = make_batch(plan.workload, 7, 0, global_samples(7));
    InputExchange input;
    input.run(comm, layout, batch);
    const EmbeddingTraffic found = embedding_traffic(layout, plan.workload, {}, RankId{0}, input);
    const EmbeddingTraffic expected = by_definition(plan.workload, batch);
    EXPECT_EQ(found.ids, expected.ids);
    EXPECT_EQ(found.unique_rows, expected.unique_rows);
    EXPECT_EQ(found.lookup_bytes, expected.lookup_bytes);
    EXPECT_EQ(found.update_bytes, expected.update_bytes);
  });
}

TEST(DeviceRates, AreSharesOfACopy) {
  const std::vector<DeviceRates> ranks = {{.lookup_bytes = 3'000'000'000,
                                           .update_bytes = 1'000'000'000,
                                           .ids = 100,
                                           .unique_rows = 25,
                                           .lookup_ms = 2,
                                           .update_ms = 1,
                                           .copy_gb_per_s = 2000}};
  EXPECT_DOUBLE_EQ(ranks[0].lookup_gb_per_s(), 1500);
  EXPECT_DOUBLE_EQ(device_rates_json(ranks)[0]["update_share_of_copy"], 0.5);
  EXPECT_THAT(device_rates_text(ranks), testing::HasSubstr("1500.0 GB/s, 75.0 % of a copy"));
  EXPECT_THAT(device_rates_text(ranks), testing::HasSubstr("25 of 100 ids, 25.0 %"));
  EXPECT_EQ(device_rates_text({}), "");
}

}  // namespace
}  // namespace shardwright::synthetic
