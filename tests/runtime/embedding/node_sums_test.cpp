#include "runtime/exchange/node_sums.hpp"

#include "planner/memory_model.hpp"
#include "runtime/comm/thread_communicator.hpp"
#include "runtime/exchange/node_blocks.hpp"
#include "tests/runtime/embedding/node_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace shardwright::synthetic {
namespace {

const std::vector<std::int64_t> kTwoOfTwo = {0, 0, 1, 1};

std::vector<InputSource> sources_of(const std::vector<std::int64_t>& samples) {
  std::vector<InputSource> sources;
  for (const std::int64_t of_rank : samples) sources.emplace_back().samples = of_rank;
  return sources;
}

Table table_of(std::int64_t rows) {
  Table table;
  table.name = "t";
  table.rows = rows;
  table.dim = 4;
  table.features = {"t"};
  return table;
}

/// Rows of one table on three ranks of a node, in another order than the ranks'; the fourth rank
/// has a node of its own.
Plan three_parts() {
  Plan plan;
  plan.topology = ranks_on({0, 0, 0, 1});
  plan.workload.tables = {table_of(3)};
  for (const auto& [row, rank] : {std::pair{0, 2}, std::pair{1, 0}, std::pair{2, 1}}) {
    plan.shards.push_back(
        {TableId{0}, ShardingType::table_row_wise, row, row + 1, 0, 4, RankId{rank}});
  }
  return plan;
}

/// What a rank gets for its samples, of which each rank has a few, where owners put out `parts`.
std::vector<float> sums_of(Communicator& comm, const ExchangeLayout& layout,
                           const std::array<float, 4>& parts, WireFormats wire = {}) {
  const auto sources = sources_of({1, 2, 0, 2});
  OwnedParts owned(layout, comm.rank());
  NodeSums sums(layout, comm.rank(), wire);
  owned.start(sources);
  std::fill(owned.values().begin(), owned.values().end(), parts[comm.rank().index()]);
  const std::int64_t samples = sources[comm.rank().index()].samples;
  std::vector<float> pooled(static_cast<std::size_t>(samples * 4), 7.0F);
  sums.start_sums(comm, sources, owned);
  sums.pass_sums_on(comm);
  sums.finish_sums(pooled);
  return pooled;
}

/// In the order of ranks the sum would be 0.
TEST(NodeSums, AreAddedInTheOrderOfTheRows) {
  const ExchangeLayout layout = make_layout(three_parts(), PartialSums::in_nodes);
  run_ranks(4, [&](Communicator& comm) {
    EXPECT_THAT(sums_of(comm, layout, {-1e8F, 1, 1e8F, 0}), testing::Each(1.0F));
  });
}

/// Rows of one table on three nodes, of which the first has two blocks, in another order than the
/// ranks'.
Plan parts_on_three_nodes() {
  Plan plan;
  plan.topology = ranks_on({0, 0, 1, 2});
  plan.workload.tables = {table_of(4)};
  for (const auto& [row, rank] :
       {std::pair{0, 1}, std::pair{1, 2}, std::pair{2, 0}, std::pair{3, 3}}) {
    plan.shards.push_back({TableId{0}, ShardingType::row_wise, row, row + 1, 0, 4, RankId{rank}});
  }
  return plan;
}

/// In the order of the rows alone the sum would be 2, in the order of the nodes alone 1 everywhere.
TEST(NodeSums, OfSeveralNodesAreAddedTheOwnOnesFirst) {
  const ExchangeLayout layout = make_layout(parts_on_three_nodes(), PartialSums::in_nodes);
  run_ranks(4, [&](Communicator& comm) {
    const float expected = comm.rank() == RankId{3} ? (1 + 1e8F) - 1e8F : 1;
    EXPECT_THAT(sums_of(comm, layout, {1, 1e8F, -1e8F, 1}), testing::Each(expected));
  });
}

/// Parts are, wherever they are added up, and the sum that leaves the node.
TEST(NodeSums, AreRoundedToTheWireFormat) {
  const ExchangeLayout layout = make_layout(three_parts(), PartialSums::in_nodes);
  const WireFormats wire{.pooled = DataType::bf16};
  run_ranks(4, [&](Communicator& comm) {
    const float expected = comm.rank() == RankId{3} ? 1 : 1 + 0x1p-8F;
    EXPECT_THAT(sums_of(comm, layout, {1.001F, 0x1p-8F, 0, 0}, wire), testing::Each(expected));
    EXPECT_THAT(sums_of(comm, layout, {0x1p-8F, 1.001F, 0, 0}, wire), testing::Each(expected));
  });
}

TEST(NodeSums, BringEverySamplesGradientToAllOwners) {
  const ExchangeLayout layout = make_layout(three_parts(), PartialSums::in_nodes);
  const auto sources = sources_of({1, 2, 0, 2});
  run_ranks(4, [&](Communicator& comm) {
    OwnedParts parts(layout, comm.rank());
    NodeSums sums(layout, comm.rank(), {});
    parts.start(sources);
    const std::int64_t samples = sources[comm.rank().index()].samples;
    const std::vector<float> gradients(static_cast<std::size_t>(samples * 4),
                                       static_cast<float>(comm.rank().value() + 1));
    sums.start_gradients(comm, sources, gradients);
    sums.pass_gradients_on(comm, gradients, parts);
    sums.finish_gradients();
    for (std::size_t rank = 0; rank < parts.sources().size(); ++rank) {
      const InputSource& source = parts.sources()[rank];
      const auto of_rank = parts.values().subspan(static_cast<std::size_t>(source.row_begin * 4),
                                                  static_cast<std::size_t>(source.samples * 4));
      EXPECT_THAT(of_rank, testing::Each(static_cast<float>(rank + 1)));
    }
  });
}

/// A table whose rows lie over the first of two nodes, and three samples for each rank.
Plan rows_over_first_node(std::int64_t ranks_of_node) {
  Plan plan;
  plan.workload.tables = {table_of(ranks_of_node)};
  plan.workload.batch_size = 3 * 2 * ranks_of_node;
  for (std::int64_t r = 0; r < 2 * ranks_of_node; ++r) {
    plan.topology.ranks.emplace_back().node = r / ranks_of_node;
    if (r >= ranks_of_node) continue;
    plan.shards.push_back({TableId{0}, ShardingType::table_row_wise, r, r + 1, 0, 4, RankId{r}});
  }
  return plan;
}

/// In a step of three samples for each rank.
Bytes buffered(const ExchangeLayout& layout, RankId rank) {
  const auto sources = sources_of(std::vector<std::int64_t>(layout.owners.size(), 3));
  const NodeBlockSizes sizes = node_block_sizes(layout, make_node_layouts(layout), rank, sources);
  std::size_t floats = 0;
  for (const auto& blocks : {sizes.parts, sizes.relayed, sizes.brought}) {
    for (const std::size_t size : blocks) floats += size;
  }
  return Bytes(static_cast<std::int64_t>(4 * floats));
}

/// Where the owners are, what the memory model counts for parts of rows; elsewhere what it counts
/// for vectors that come from owners.
TEST(NodeSums, TakeTheMemoryThatPlansCount) {
  for (const std::int64_t ranks_of_node : {2, 4}) {
    Plan plan = rows_over_first_node(ranks_of_node);
    plan.workload.tables[0].pooling = 0;  // no ids, to which the rest of the buffers goes
    const Bytes of_part =
        shard_memory(MemoryModel::full, plan.workload, plan.topology, plan.shards[0]).buffers;
    const RankMemory of_batch = batch_memory(MemoryModel::full, plan.workload, plan.topology);
    const ExchangeLayout layout = make_layout(plan, PartialSums::in_nodes);
    for (std::int64_t rank = 0; rank < plan.topology.size(); ++rank) {
      const bool is_owner = rank < ranks_of_node;
      const Bytes counted = is_owner ? of_part : of_batch.buffers - of_batch.ids;
      EXPECT_EQ(buffered(layout, RankId{rank}), counted);
    }
  }
}

/// Each rank brings and is brought what the memory model counts for both.
TEST(NodeSums, OfRowWiseTablesTakeTheMemoryThatPlansCount) {
  for (const std::int64_t nodes : {2, 3, 4}) {
    Plan plan;
    plan.workload.tables = {table_of(2 * nodes)};
    plan.workload.tables[0].pooling = 0;
    plan.workload.batch_size = 3 * 2 * nodes;
    for (std::int64_t r = 0; r < 2 * nodes; ++r) {
      plan.topology.ranks.emplace_back().node = r % nodes;
      plan.shards.push_back({TableId{0}, ShardingType::row_wise, r, r + 1, 0, 4, RankId{r}});
    }
    const RankMemory of_batch = batch_memory(MemoryModel::full, plan.workload, plan.topology);
    const Bytes of_part =
        shard_memory(MemoryModel::full, plan.workload, plan.topology, plan.shards[0]).buffers;
    const ExchangeLayout layout = make_layout(plan, PartialSums::in_nodes);
    EXPECT_EQ(buffered(layout, RankId{1}), of_part + (of_batch.buffers - of_batch.ids));
  }
}

TEST(NodeSums, OnOneNodeAreThoseOfTheSamplesRanks) {
  const Plan plan = on_one_node(grids_over_nodes({}, ranks_on(kTwoOfTwo)));
  const ExchangeLayout layout = make_layout(plan, PartialSums::in_nodes);
  const ExchangeLayout straight = make_layout(plan);
  EXPECT_THAT(layout.node_runs, testing::IsEmpty());
  for (std::size_t r = 0; r < layout.owners.size(); ++r) {
    EXPECT_EQ(layout.owners[r].part_columns, 0);
    EXPECT_EQ(layout.owners[r].columns, straight.owners[r].columns);
  }
}

TEST(NodeSums, AreOfPooledTablesAloneThatAreCutWithinNodes) {
  Plan plan = types_over_nodes({.unpooled = true}, ranks_on(kTwoOfTwo));
  EXPECT_THAT(make_layout(plan, PartialSums::in_nodes).summed_in_nodes,
              testing::ElementsAre(false, false, true, false))
      << "row_wise, and pooled";
  plan = types_over_nodes({}, ranks_on(kTwoOfTwo));
  EXPECT_THAT(make_layout(plan, PartialSums::in_nodes).summed_in_nodes,
              testing::ElementsAre(true, true, true, false));
  EXPECT_THAT(make_layout(plan).summed_in_nodes, testing::Each(false));
  for (const Plan& nodes_of_one :
       {rows_over_nodes({}, ranks_on({0, 1, 2})), blocks_over_nodes({}, ranks_on({0, 1, 2}))}) {
    EXPECT_THAT(make_layout(nodes_of_one, PartialSums::in_nodes).summed_in_nodes,
                testing::Each(false));
  }
  plan.unique_rows = {TableId{0}};
  EXPECT_THAT(make_layout(plan, PartialSums::in_nodes).summed_in_nodes,
              testing::ElementsAre(false, true, true, false));
}

/// Clipping takes the norm of the gradients that the owners have.
TEST(NodeSums, KeepTheNormOfAllGradients) {
  const auto square_sums = [](const Plan& plan) {
    std::array<double, 4> sums = {};
    run_ranks(4, [&](Communicator& comm) {
      ShardedEmbeddings embeddings(plan, comm, {.seed = kSeed});
      const Batch batch = make_share(plan.workload, 7, comm);
      std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
      embeddings.forward(batch, pooled);
      embeddings.bring_gradients(make_gradient(7, batch, embeddings.pooled_columns()));
      sums[comm.rank().index()] = embeddings.gradient_square_sum();
    });
    return sums;
  };
  for (const Plan& plan :
       {grids_over_nodes({}, ranks_on(kTwoOfTwo)), blocks_over_nodes({}, ranks_on(kTwoOfTwo))}) {
    EXPECT_EQ(square_sums(plan), square_sums(on_one_node(plan)));
    EXPECT_THAT(square_sums(plan), testing::Each(testing::Gt(0.0)));
  }
}

/// With or without any phase before it, a step looks the same values up.
TEST(NodeSums, AreRightAgainAfterStepsWithoutAPhase) {
  const Plan plan = types_over_nodes({}, ranks_on(kTwoOfTwo));
  for (const bool overlap : {false, true}) {
    run_ranks(4, [&](Communicator& comm) {
      ShardedEmbeddings embeddings(plan, comm, {.seed = kSeed, .overlap = overlap});
      const Batch batch = make_share(plan.workload, 7, comm);
      const auto values = [&] {
        std::vector<float> pooled(
            static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
        embeddings.forward(batch, pooled);
        embeddings.backward(pooled, 0);
        return pooled;
      };
      const std::vector<float> expected = values();
      for (const StepPhase phase : {StepPhase::lookup, StepPhase::output_exchange,
                                    StepPhase::gradient_exchange, StepPhase::update}) {
        embeddings.leave_out(phase);
        values();
        embeddings.leave_out({});
        EXPECT_EQ(values(), expected);
      }
    });
  }
}

}  // namespace
}  // namespace shardwright::synthetic
