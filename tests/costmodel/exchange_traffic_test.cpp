#include "costmodel/exchange_traffic.hpp"

#include "tests/costmodel/sample_plans.hpp"

#include <gtest/gtest.h>

namespace shardwright {
namespace {

using testing::cut;
using testing::sample_table;
using testing::whole;

// 400 samples of 10 ids, 16 columns: 33,600 bytes of ids and lengths, 25,600 of outputs.
constexpr double kInput = (8.0 * 10 + 4) * 400;
constexpr double kOutput = 4.0 * 16 * 400;
const Workload kOneTable = {{sample_table(1200, 16, 10)}, 400};

double between_nodes(const Topology& topology, const std::vector<Shard>& shards) {
  return bytes_between_nodes(kOneTable, topology, shards);
}

TEST(BytesBetweenNodes, AreHalfOfAllBytesOnTwoNodes) {
  const Topology topology = testing::sample_topology(2, 2);
  EXPECT_DOUBLE_EQ(between_nodes(topology, {whole(kOneTable.tables[0], 0, RankId(1))}),
                   0.5 * (kInput + 2 * kOutput));
}

TEST(BytesBetweenNodes, GrowWithRowShardsUnlessTheyAreSummedInTheNode) {
  const Topology topology = testing::sample_topology(2, 2);
  const auto of = [&](ShardingType type) {
    return between_nodes(topology, cut(kOneTable.tables[0], 0, type, topology));
  };
  const double ids = 0.5 * 8.0 * 10 * 400;
  const double lengths = 0.5 * 4.0 * 400;
  EXPECT_DOUBLE_EQ(of(ShardingType::row_wise), ids + 4 * lengths + 0.5 * 2 * 4 * kOutput);
  EXPECT_DOUBLE_EQ(of(ShardingType::table_row_wise), ids + 2 * lengths + 0.5 * 2 * kOutput);
}

TEST(BytesBetweenNodes, AreThoseOfTheRingForCopiesEverywhere) {
  const Topology topology = testing::sample_topology(2, 2);
  EXPECT_DOUBLE_EQ(between_nodes(topology, {whole(kOneTable.tables[0], 0, {})}),
                   2 * 2 * 3.0 / 4 * 4 * 16 * 1200);
}

TEST(BytesBetweenNodes, AreNoneOnOneNode) {
  const Topology topology = testing::sample_topology(1, 4);
  for (const ShardingType type : kAllShardingTypes) {
    EXPECT_EQ(between_nodes(topology, cut(kOneTable.tables[0], 0, type, topology)), 0);
  }
}

TEST(ExchangeTraffic, SendsEverySumOnceAlsoBetweenNodesOfDifferentSize) {
  Topology topology = testing::sample_topology(2, 2);
  topology.ranks.pop_back();  // the second node has one rank, of a third of the samples
  const auto shards =
      cut(kOneTable.tables[0], 0, ShardingType::table_row_wise, testing::sample_topology(2, 2));
  const double ids = (8.0 * 10 + 2 * 4) * 400;
  EXPECT_NEAR(between_nodes(topology, shards), (ids + 2 * kOutput) / 3, 1e-6);
}

}  // namespace
}  // namespace shardwright
