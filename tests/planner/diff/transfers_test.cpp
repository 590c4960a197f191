#include "planner/diff/transfers.hpp"

#include "tests/planner/sample_workload.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace shardwright {
namespace {

Shard columns(std::int64_t begin, std::int64_t end, std::int64_t rank) {
  return {TableId(0), ShardingType::column_wise, 0, 100, begin, end, RankId(rank)};
}

TEST(Transfers, CountOnlyWhatChangesRanks) {
  const Table table = sample_table("t", 100, 16);
  const std::vector<Shard> before = {columns(0, 8, 0), columns(8, 16, 1)};
  const std::vector<Shard> after = {columns(0, 12, 0), columns(12, 16, 2)};
  const TableTransfers result = transfers_of(table, before, 2, after, 3);
  ASSERT_EQ(result.transfers.size(), 2U);
  EXPECT_EQ(result.moved(), Bytes(4 * 100 * (4 + 4)));
  EXPECT_EQ(result.transfers[0].from, RankId(1));
  EXPECT_EQ(result.transfers[0].to, RankId(0));
  EXPECT_EQ(result.transfers[1].to, RankId(2));
}

TEST(Transfers, OfReplicasComeFromRankZeroWhereThereWasNone) {
  const Table table = sample_table("t", 100, 16);
  const std::vector<Shard> replicated = {
      {TableId(0), ShardingType::data_parallel, 0, 100, 0, 16, {}}};
  EXPECT_EQ(transfers_of(table, replicated, 2, std::vector{columns(0, 16, 1)}, 2).moved(),
            Bytes(0));
  const auto wider = transfers_of(table, replicated, 2, replicated, 3);
  ASSERT_EQ(wider.transfers.size(), 1U);
  EXPECT_EQ(wider.transfers[0].from, RankId(0));
  EXPECT_EQ(wider.transfers[0].to, RankId(2));
}

TEST(Transfers, CountAddedRowsAsNew) {
  const Table table = sample_table("t", 150, 16);
  std::vector<Shard> after = {columns(0, 16, 0)};
  after[0].row_end = 150;
  const auto result = transfers_of(table, std::vector{columns(0, 16, 0)}, 1, after, 1);
  EXPECT_EQ(result.moved(), Bytes(0));
  EXPECT_EQ(result.fresh[0], Bytes(4 * 50 * 16));
}

}  // namespace
}  // namespace shardwright
