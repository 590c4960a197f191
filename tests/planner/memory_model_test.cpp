#include "planner/memory_model.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/torchrec/storage.hpp"
#include "tests/planner/sample_workload.hpp"

#include <gtest/gtest.h>

namespace shardwright {
namespace {

// 4 samples over 2 ranks: 2 each. One table of 10 × 8 floats, 2 ids per sample.
const Topology kTwoRanks = sample_topology({1000, 1000});

Workload one_table(const Table& table) { return {{table}, 4}; }

Shard whole(ShardingType type) {
  const auto rank = type == ShardingType::data_parallel ? std::nullopt : std::optional(RankId(0));
  return {TableId(0), type, 0, 10, 0, 8, rank};
}

TEST(FullMemory, CountsARanksShareOfTheBatch) {
  const auto memory =
      batch_memory(MemoryModel::full, one_table(sample_table("a", 10, 8, 2)), kTwoRanks);
  const Bytes ids(8 * 2 * 2 + 4 * 2);  // 2 ids and a length for each of 2 samples
  EXPECT_EQ(memory.ids, ids);
  EXPECT_EQ(memory.buffers, ids + Bytes(4 * 8 * 2));    // packed; vectors of the owners
  EXPECT_EQ(memory.activations, Bytes(2 * 4 * 8 * 2));  // vectors and gradients of 2 samples
  EXPECT_EQ(memory.weights, Bytes(0));
}

TEST(FullMemory, CountsTheSamplesOfAllRanksForAShard) {
  const auto memory = shard_memory(MemoryModel::full, one_table(sample_table("a", 10, 8, 2)),
                                   kTwoRanks, whole(ShardingType::table_wise));
  EXPECT_EQ(memory.weights, Bytes(4 * 10 * 8));
  EXPECT_EQ(memory.optimizer, Bytes(0));
  EXPECT_EQ(memory.ids, Bytes(8 * 2 * 2 + 4 * 2));  // those of the other rank
  EXPECT_EQ(memory.buffers, Bytes(0));
  EXPECT_EQ(memory.activations, Bytes(4 * 8 * 2));
  EXPECT_EQ(memory.grouping, Bytes(28 * 2 * 4 + 16 * 8));  // 8 ids of both, all different at most
  EXPECT_EQ(memory.reserve, Bytes((40 + 352) / 8));
  EXPECT_EQ(memory.total(), Bytes(320 + 40 + 64 + 352 + 49));
}

// As a plan file may have it: counted without limit, the bytes would leave 64 bits and look free.
TEST(TorchrecMemory, OfMoreThanAnyMachineHasIsNotNegative) {
  Workload workload = one_table(sample_table("a", 10, 8, 1e9));
  workload.batch_size = std::int64_t{1} << 40;
  const auto memory =
      shard_memory(MemoryModel::torchrec, workload, kTwoRanks, whole(ShardingType::table_wise));
  EXPECT_EQ(memory.total(), Bytes(std::int64_t{1} << 61));
}

TEST(FullMemory, CountsRowwiseStateInEveryColumnShard) {
  Table table = sample_table("a", 10, 8);
  table.optimizer = OptimizerKind::rowwise_adagrad;
  const Shard left{TableId(0), ShardingType::column_wise, 0, 10, 0, 4, RankId(0)};
  const Shard right{TableId(0), ShardingType::column_wise, 0, 10, 4, 8, RankId(1)};
  const auto ranks =
      memory_of_ranks(MemoryModel::full, one_table(table), kTwoRanks, {{left, right}});
  const Bytes of_batch = batch_memory(MemoryModel::full, one_table(table), kTwoRanks).buffers;
  const Bytes statistics(4 * 8 * 4);  // of 4 rows at most
  const Bytes kept(4 * 4 * 4 / 16);   // gradients of rows with 16 ids or more
  EXPECT_EQ(ranks[0].buffers, of_batch + statistics + kept);
  EXPECT_EQ(ranks[0].optimizer, Bytes(40));
  EXPECT_EQ(ranks[1].optimizer, Bytes(40));
}

TEST(FullMemory, CountsWeightsOfIdsFeaturesAndSequences) {
  Table table = sample_table("a", 10, 8, 2);
  table.weighted = true;
  table.features = {"x", "y"};
  const auto pooled =
      shard_memory(MemoryModel::full, one_table(table), kTwoRanks, whole(ShardingType::table_wise));
  EXPECT_EQ(pooled.ids, Bytes(12 * 2 * 2 + 2 * 4 * 2));
  EXPECT_EQ(pooled.activations, Bytes(4 * 8 * 2 * 2));
  table.mode = PoolingMode::none;
  const auto sequence =
      shard_memory(MemoryModel::full, one_table(table), kTwoRanks, whole(ShardingType::table_wise));
  EXPECT_EQ(sequence.activations, Bytes(4 * 8 * (2 * 2)));  // a vector per id
}

TEST(FullMemory, CountsWhatIsCollectedWhereASampleDoesNotSayItAll) {
  const auto grouping = [](const Table& table) {
    return shard_memory(MemoryModel::full, one_table(table), kTwoRanks,
                        whole(ShardingType::table_wise))
        .grouping;
  };
  Table mean = sample_table("a", 10, 8, 2);
  mean.mode = PoolingMode::mean;
  Table weighted = sample_table("a", 10, 8, 2);
  weighted.weighted = true;
  EXPECT_EQ(grouping(mean), Bytes(40 * 2 * 4 + 16 * 8));
  EXPECT_EQ(grouping(weighted), Bytes(40 * 2 * 4 + 16 * 8));
}

TEST(FullMemory, GivesARowShardItsShareOfTheIds) {
  const Shard half{TableId(0), ShardingType::row_wise, 0, 5, 0, 8, RankId(0)};
  const auto memory =
      shard_memory(MemoryModel::full, one_table(sample_table("a", 10, 8, 2)), kTwoRanks, half);
  EXPECT_EQ(memory.weights, Bytes(160));
  EXPECT_EQ(memory.ids, Bytes(8 * 2 * 4 / 2 + 4 * 4));
  EXPECT_EQ(memory.buffers, Bytes(8 * 2 * 2 + 4 * 8 * 2));  // cut ids, partial sums
  EXPECT_EQ(memory.grouping, Bytes(28 * 4 + 16 * 4));
}

// Two batches are read and packed, and a shard has the ids of two.
TEST(OverlapMemory, CountsTheIdsOfASecondBatch) {
  const auto workload = one_table(sample_table("a", 10, 8, 2));
  const auto added = [&](const Shard& shard, Bytes RankMemory::*part) {
    return shard_memory(MemoryModel::overlap, workload, kTwoRanks, shard).*part -
           shard_memory(MemoryModel::full, workload, kTwoRanks, shard).*part;
  };
  const auto full = batch_memory(MemoryModel::full, workload, kTwoRanks);
  const auto both = batch_memory(MemoryModel::overlap, workload, kTwoRanks);
  const Bytes ids(8 * 2 * 2 + 4 * 2);
  EXPECT_EQ(both.ids - full.ids, ids);
  EXPECT_EQ(both.buffers - full.buffers, ids);
  EXPECT_EQ(both.activations, full.activations);
  const Shard table = whole(ShardingType::table_wise);
  EXPECT_EQ(added(table, &RankMemory::ids), ids);
  EXPECT_EQ(added(table, &RankMemory::buffers), Bytes(0));
  EXPECT_EQ(added(table, &RankMemory::reserve), Bytes((80 + 352) / 8 - (40 + 352) / 8));
  const Shard half{TableId(0), ShardingType::row_wise, 0, 5, 0, 8, RankId(0)};
  EXPECT_EQ(added(half, &RankMemory::ids), Bytes(8 * 2 * 4 / 2 + 4 * 4));
  EXPECT_EQ(added(half, &RankMemory::buffers), Bytes(8 * 2 * 2));
  EXPECT_EQ(added(whole(ShardingType::data_parallel), &RankMemory::ids), Bytes(0));
}

TEST(FullMemory, ARowShardOfSequencesHasPositionsInsteadOfPartialSums) {
  const Shard half{TableId(0), ShardingType::row_wise, 0, 5, 0, 8, RankId(0)};
  Table table = sample_table("a", 10, 8, 2);
  table.mode = PoolingMode::none;
  const auto memory = shard_memory(MemoryModel::full, one_table(table), kTwoRanks, half);
  EXPECT_EQ(memory.buffers, Bytes(8 * 2 * 2 + 4 * 2 * 2));  // cut ids, where their vectors go
  EXPECT_EQ(memory.activations, Bytes(4 * 8 * 2 * 2 / 2));  // half of the other rank's ids
}

TEST(FullMemory, PutsDataParallelTablesOnEveryRank) {
  const auto workload = one_table(sample_table("a", 10, 8, 2));
  const auto ranks = memory_of_ranks(MemoryModel::full, workload, kTwoRanks,
                                     {{whole(ShardingType::data_parallel)}});
  const Bytes grouping(28 * 4 + 16 * 4);
  const Bytes sums(320 - 4 * 8 * 2);  // fewer than its vectors, which do not come from owners
  const Bytes expected = Bytes(320 + 320) + sums + grouping +
                         batch_memory(MemoryModel::full, workload, kTwoRanks).total();
  EXPECT_EQ(ranks[0].total(), expected);  // weights, their gradient and its sums, the batch
  EXPECT_EQ(ranks[1].total(), expected);
}

TEST(WeightsMemory, CountsWeightsAlone) {
  Table table = sample_table("a", 10, 8, 2);
  table.optimizer = OptimizerKind::adam;
  table.dtype = DataType::bf16;
  const auto ranks = memory_of_ranks(MemoryModel::weights, one_table(table), kTwoRanks,
                                     {{whole(ShardingType::table_wise)}});
  EXPECT_EQ(ranks[0].total(), Bytes(160));
  EXPECT_EQ(ranks[1].total(), Bytes(0));
}

TEST(TorchrecMemory, IsTorchRecsStorage) {
  const auto workload = one_table(sample_table("a", 1000, 64, 20));
  const Shard shard{TableId(0), ShardingType::table_wise, 0, 1000, 0, 64, RankId(1)};
  const auto ranks = memory_of_ranks(MemoryModel::torchrec, workload, kTwoRanks, {{shard}});
  EXPECT_EQ(ranks[0].total(), Bytes(0));
  EXPECT_EQ(ranks[1].total(), torchrec::shard_bytes(workload, kTwoRanks, shard));
  EXPECT_EQ(ranks[1].weights, Bytes(4 * 1000 * 64));
}

TEST(Memory, SaturatesInsteadOfOverflowing) {
  Table table = sample_table("a", 10, 8, 1e9);
  Workload workload{std::vector<Table>(100, table), std::int64_t{1} << 40};
  const auto memory = batch_memory(MemoryModel::full, workload, kTwoRanks);
  EXPECT_EQ(memory.total(), Bytes(std::int64_t{1} << 61));
}

TEST(MemoryModel, HasNames) {
  for (const char* name : {"full", "overlap", "weights", "torchrec"}) {
    EXPECT_EQ(to_string(parse_memory_model(name)), name);
  }
  EXPECT_THROW(parse_memory_model("fulll"), UsageError);
}

}  // namespace
}  // namespace shardwright
