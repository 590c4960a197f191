#include "tests/runtime/embedding/traffic_plan.hpp"

#include "costmodel/topology.hpp"
#include "runtime/embedding/jagged_vectors.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace shardwright::synthetic {
namespace {

constexpr std::int64_t kRows = 8;
constexpr std::int64_t kDim = 8;

TableId add_table(Plan& plan, bool weighted, std::size_t features = 1) {
  Table& table = plan.workload.tables.emplace_back();
  table.name = "t" + std::to_string(plan.workload.tables.size());
  table.rows = kRows;
  table.dim = kDim;
  table.pooling = static_cast<double>(kRows) * static_cast<double>(features);
  table.weighted = weighted;
  table.optimizer = OptimizerKind::sgd;
  for (std::size_t f = 0; f < features; ++f) {
    table.features.push_back(table.name + "_" + std::to_string(f));
  }
  return TableId::of(plan.workload.tables.size() - 1);
}

struct Cut {
  std::int64_t rows = 1, columns = 1;  ///< at most so many parts
};

/// Shards on ranks of their own, as many as there are, from `first` on. Of the rows the first part
/// has what the others, of one row each, leave.
void place(Plan& plan, TableId table, ShardingType type, Cut cut, std::int64_t first) {
  const std::int64_t ranks = plan.topology.size();
  const std::int64_t columns = std::min(cut.columns, ranks);
  const std::int64_t rows = std::min(cut.rows, ranks / columns);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t row = i / columns;
    const std::int64_t column = i % columns;
    plan.shards.push_back({table, type, row == 0 ? 0 : kRows - rows + row, kRows - rows + row + 1,
                           column * kDim / columns, (column + 1) * kDim / columns,
                           RankId{(first + i) % ranks}});
  }
}

/// On several nodes the parts of a column range on ranks of one node, each range on another node.
void place_in_nodes(Plan& plan, TableId table, ShardingType type, Cut cut, std::int64_t first) {
  const std::int64_t nodes = num_nodes(plan.topology);
  if (nodes == 1) return place(plan, table, type, cut, first);
  const std::int64_t ranks = plan.topology.size() / nodes;
  const std::int64_t columns = std::min(cut.columns, nodes);
  const std::int64_t rows = std::min(cut.rows, ranks);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t row = i / columns;
    const std::int64_t column = i % columns;
    const std::int64_t node = (first + column) % nodes;
    plan.shards.push_back({table, type, row == 0 ? 0 : kRows - rows + row, kRows - rows + row + 1,
                           column * kDim / columns, (column + 1) * kDim / columns,
                           RankId{node * ranks + (first + row) % ranks}});
  }
}

/// Three blocks on two ranks one after the other, of which the second has two.
void place_two_on_a_rank(Plan& plan, TableId table, std::int64_t first) {
  const std::int64_t ranks = plan.topology.size();
  for (const auto& [begin, end, rank] :
       {std::array<std::int64_t, 3>{0, 1, 1}, {1, 3, 0}, {3, kRows, 1}}) {
    plan.shards.push_back(
        {table, ShardingType::row_wise, begin, end, 0, kDim, RankId{(first + rank) % ranks}});
  }
}

/// Pooled, and exchanged so.
void add_pooled_tables(Plan& plan) {
  place(plan, add_table(plan, true, 2), ShardingType::table_wise, {}, 1);
  place(plan, add_table(plan, false), ShardingType::column_wise, {1, 2}, 3);
  place(plan, add_table(plan, true), ShardingType::row_wise, {kRows, 1}, 2);
  place_in_nodes(plan, add_table(plan, false), ShardingType::table_row_wise, {3, 1}, 5);
  place(plan, add_table(plan, true), ShardingType::table_column_wise, {1, 2}, 0);
  place_in_nodes(plan, add_table(plan, false), ShardingType::grid, {2, 2}, 4);
  place(plan, add_table(plan, false, 2), ShardingType::row_wise, {3, 1}, 1);
  place_two_on_a_rank(plan, add_table(plan, true), 1);
}

void add_replicated_table(Plan& plan) {
  plan.shards.push_back(
      {add_table(plan, false), ShardingType::data_parallel, 0, kRows, 0, kDim, {}});
}

void add_tables_without_pooling(Plan& plan) {
  const std::size_t first = plan.workload.tables.size();
  place(plan, add_table(plan, true, 2), ShardingType::table_wise, {}, 6);
  place(plan, add_table(plan, false), ShardingType::row_wise, {5, 1}, 1);
  place(plan, add_table(plan, false), ShardingType::column_wise, {1, 2}, 2);
  place_in_nodes(plan, add_table(plan, true), ShardingType::grid, {2, 2}, 7);
  for (std::size_t t = first; t < plan.workload.tables.size(); ++t) {
    plan.workload.tables[t].mode = PoolingMode::none;
  }
}

/// Of a rank's mean batch their `reuse` says that each row is named twice.
void add_unique_tables(Plan& plan) {
  const std::size_t first = plan.workload.tables.size();
  place(plan, add_table(plan, true), ShardingType::table_wise, {}, 3);
  place(plan, add_table(plan, false), ShardingType::row_wise, {kRows, 1}, 0);
  place(plan, add_table(plan, false), ShardingType::column_wise, {1, 2}, 5);
  place_in_nodes(plan, add_table(plan, true), ShardingType::grid, {2, 2}, 1);
  for (std::size_t t = first; t < plan.workload.tables.size(); ++t) {
    plan.workload.tables[t].reuse.emplace().at(1) = 1;
    plan.workload.tables[t].reuse_batch_size = kMeanSamples;
    plan.unique_rows.push_back(TableId::of(t));
  }
}

Plan plan_on_nodes(std::int64_t ranks, std::int64_t nodes) {
  Plan plan;
  plan.topology.ranks.resize(static_cast<std::size_t>(ranks));
  for (std::int64_t r = 0; r < ranks; ++r) {
    plan.topology.ranks[static_cast<std::size_t>(r)].node = r * nodes / ranks;
  }
  plan.workload.batch_size = kMeanSamples * ranks;
  return plan;
}

}  // namespace

Plan plan_of_everything(std::int64_t ranks, std::int64_t nodes) {
  Plan plan = plan_on_nodes(ranks, nodes);
  add_pooled_tables(plan);
  add_replicated_table(plan);
  add_tables_without_pooling(plan);
  add_unique_tables(plan);
  return plan;
}

Plan plan_of_row_blocks(std::int64_t ranks, std::int64_t nodes) {
  Plan plan = plan_on_nodes(ranks, nodes);
  place(plan, add_table(plan, false, 2), ShardingType::row_wise, {kRows, 1}, 0);
  return plan;
}

Plan plan_of_owned_tables(std::int64_t ranks, std::int64_t nodes) {
  Plan plan = plan_on_nodes(ranks, nodes);
  add_pooled_tables(plan);
  add_tables_without_pooling(plan);
  return plan;
}

std::int64_t samples_of(std::int64_t rank) { return rank % 2 == 0 ? 3 : 1; }

Batch batch_of_all_rows(const Plan& plan, std::int64_t rank) {
  Batch batch;
  batch.size = samples_of(rank);
  for (std::int64_t r = 0; r < rank; ++r) batch.first_sample += samples_of(r);
  for (const Table& table : plan.workload.tables) {
    for (std::size_t f = 0; f < table.features.size(); ++f) {
      Bags& bags = batch.features.emplace_back();
      bags.lengths.assign(static_cast<std::size_t>(batch.size), std::int32_t{kRows});
      for (std::int64_t i = 0; i < batch.size * kRows; ++i) bags.ids.push_back(i % kRows);
      if (table.weighted) bags.weights.assign(bags.ids.size(), 1.0F);
    }
  }
  return batch;
}

EmbeddingPhases traffic_step(const Plan& plan, Communicator& comm) {
  ShardedEmbeddings embeddings(plan, comm, {});
  const Batch batch = batch_of_all_rows(plan, comm.rank().value());
  std::vector<float> pooled(static_cast<std::size_t>(batch.size * embeddings.pooled_columns()));
  std::vector<float> vectors(num_vector_values(embeddings.unpooled_features(), batch));
  embeddings.forward(batch, pooled, vectors);
  embeddings.backward(pooled, 0.1F, vectors);
  return embeddings.phases();
}

}  // namespace shardwright::synthetic
