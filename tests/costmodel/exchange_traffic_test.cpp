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
  EXPECT_DOUBLE_EQ(of(ShardingType::row_wise), ids + 4 * lengths + 2 * 0.5 * 2 * kOutput);
  EXPECT_DOUBLE_EQ(of(ShardingType::table_row_wise), ids + 2 * lengths + 0.5 * 2 * kOutput);
}

/// Row blocks of the table on these ranks, the first of half of the rows, the others alike.
std::vector<Shard> blocks_on(const std::vector<std::int64_t>& ranks) {
  const std::int64_t others = 600 / (std::ssize(ranks) - 1);
  std::vector<Shard> shards;
  std::int64_t row = 0;
  for (const std::int64_t rank : ranks) {
    const std::int64_t end = row + (shards.empty() ? 600 : others);
    shards.push_back({TableId{0}, ShardingType::row_wise, row, end, 0, 16, RankId{rank}});
    row = end;
  }
  return shards;
}

TEST(BytesBetweenNodes, AreTheSumsOfEveryNodeThatHasABlockOfTheRows) {
  const Topology topology = testing::sample_topology(4, 2);
  const auto of_sums = [&](const std::vector<std::int64_t>& ranks) {
    const double lengths = 0.75 * 4.0 * 400 * static_cast<double>(ranks.size());
    return between_nodes(topology, blocks_on(ranks)) - 0.75 * 8.0 * 10 * 400 - lengths;
  };
  constexpr double kOfNode = 2 * 0.75 * kOutput;  // and its gradients
  EXPECT_NEAR(of_sums({0, 1, 2, 3, 4, 6, 7}), 4 * kOfNode, 1e-6);
  EXPECT_NEAR(of_sums({3, 2, 6}), 2 * kOfNode, 1e-6) << "two blocks, one, and twice none";
  EXPECT_NEAR(of_sums({1, 1, 4, 1}), 2 * kOfNode, 1e-6) << "three blocks on a rank";
}

TEST(BytesBetweenNodes, AreThoseOfEveryBlockOnNodesOfOneRank) {
  const Topology topology = testing::sample_topology(4, 1);
  const double ids = 0.75 * (8.0 * 10 + 3 * 4) * 400;
  EXPECT_NEAR(between_nodes(topology, blocks_on({3, 1, 1})), ids + 3 * 2 * 0.75 * kOutput, 1e-6);
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

TEST(ReducesInNode, WhereRowsOfPooledTablesAreCutOverANode) {
  const Topology topology = testing::sample_topology(2, 2);
  Table table = kOneTable.tables[0];
  for (const ShardingType type : kAllShardingTypes) {
    const bool in_node = type == ShardingType::table_row_wise || type == ShardingType::grid;
    const Shard shard = cut(table, 0, type, topology).front();
    EXPECT_EQ(reduces_in_node(table, shard, RowWiseSums::at_samples), in_node) << to_string(type);
    EXPECT_EQ(reduces_in_node(table, shard, RowWiseSums::in_nodes),
              in_node || type == ShardingType::row_wise)
        << to_string(type);
  }
  const Shard part = cut(table, 0, ShardingType::table_row_wise, topology).front();
  Shard all_rows = part;
  all_rows.row_end = table.rows;
  const auto row_wise = RowWiseSums::in_nodes;
  EXPECT_FALSE(reduces_in_node(table, all_rows, row_wise)) << "there is nothing to add up";
  table.mode = PoolingMode::none;
  EXPECT_FALSE(reduces_in_node(table, part, row_wise));
}

TEST(RowWiseSums, AreFormedInNodesWhereSeveralAreAndOneHasSeveralRanks) {
  EXPECT_EQ(row_wise_sums(testing::sample_topology(1, 4)), RowWiseSums::at_samples);
  EXPECT_EQ(row_wise_sums(testing::sample_topology(4, 1)), RowWiseSums::at_samples);
  Topology topology = testing::sample_topology(2, 2);
  EXPECT_EQ(row_wise_sums(topology), RowWiseSums::in_nodes);
  topology.ranks.pop_back();
  EXPECT_EQ(row_wise_sums(topology), RowWiseSums::in_nodes);
}

TEST(NodeSumBytes, AreThoseOfRowWiseTablesAlone) {
  const Table& table = kOneTable.tables[0];
  for (const ShardingType type : kAllShardingTypes) {
    const Shard shard = cut(table, 0, type, testing::sample_topology(2, 2)).front();
    const ShardLoad load = load_of(table, shard, 400, 0);
    EXPECT_EQ(node_sum_bytes(table, shard, load, RowWiseSums::at_samples), 0) << to_string(type);
    EXPECT_EQ(node_sum_bytes(table, shard, load, RowWiseSums::in_nodes),
              type == ShardingType::row_wise ? kOutput : 0)
        << to_string(type);
  }
}

ExchangeBytes sum_of(ShardingType type, PoolingMode mode) {
  Table table = kOneTable.tables[0];
  table.mode = mode;
  ExchangeBytes sum;
  for (const Shard& shard : cut(table, 0, type, testing::sample_topology(1, 4))) {
    const ExchangeBytes bytes =
        exchange_bytes(table, shard, load_of(table, shard, 400, 0), RowWiseSums::at_samples);
    sum.split += bytes.split;
    sum.added += bytes.added;
  }
  return sum;
}

TEST(ExchangeBytes, AreSplitAndAddedWhereRowsAreCut) {
  const double split = (8.0 * 10 + 4 * 4) * 400;  // a length for each of four parts
  for (const ShardingType type : kAllShardingTypes) {
    const bool in_node = type == ShardingType::table_row_wise || type == ShardingType::grid;
    const bool cuts_rows = in_node || type == ShardingType::row_wise;
    for (const PoolingMode mode : {PoolingMode::sum, PoolingMode::none}) {
      const ExchangeBytes bytes = sum_of(type, mode);
      EXPECT_DOUBLE_EQ(bytes.split, cuts_rows ? split : 0) << to_string(type);
      const bool adds = type == ShardingType::row_wise && mode == PoolingMode::sum;
      EXPECT_DOUBLE_EQ(bytes.added, adds ? 4 * kOutput : 0) << to_string(type);
    }
  }
}

}  // namespace
}  // namespace shardwright
