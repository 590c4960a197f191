#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace shardwright::testing {

inline Table sample_table(std::int64_t rows, std::int64_t dim, double pooling,
                          const std::string& name = "t") {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = dim;
  table.pooling = pooling;
  table.features = {name};
  return table;
}

/// Nodes × ranks per node of one device, with its default links.
inline Topology sample_topology(std::int64_t nodes, std::int64_t per_node,
                                const std::string& device = "cpu-16GiB") {
  return read_topology(fmt::format("{}x{}x{}", nodes, per_node, device));
}

inline Shard whole(const Table& table, std::int64_t id, std::optional<RankId> rank) {
  return {.table = TableId(id),
          .type = rank ? ShardingType::table_wise : ShardingType::data_parallel,
          .row_begin = 0,
          .row_end = table.rows,
          .col_begin = 0,
          .col_end = table.dim,
          .rank = rank};
}

/// Cuts a table as its type says: columns in two halves, rows in equal parts over all ranks
/// (row_wise) or over the ranks of node 0. `first` is the rank that column cuts start from.
inline std::vector<Shard> cut(const Table& table, std::int64_t id, ShardingType type,
                              const Topology& topology, std::int64_t first = 0) {
  const std::int64_t per_node = topology.size() / num_nodes(topology);
  const bool rows_in_node = type == ShardingType::table_row_wise || type == ShardingType::grid;
  const std::int64_t row_cuts = rows_in_node                     ? per_node
                                : type == ShardingType::row_wise ? topology.size()
                                                                 : 1;
  const bool cuts_columns = type == ShardingType::column_wise ||
                            type == ShardingType::table_column_wise || type == ShardingType::grid;
  const std::int64_t column_cuts = cuts_columns && table.dim >= 8 ? 2 : 1;
  if (type == ShardingType::data_parallel) return {whole(table, id, {})};
  std::vector<Shard> shards;
  for (std::int64_t c = 0; c < column_cuts; ++c) {
    for (std::int64_t r = 0; r < row_cuts; ++r) {
      Shard shard = whole(table, id, RankId((row_cuts > 1 ? r : first + c) % topology.size()));
      shard.type = type;
      shard.row_begin = table.rows * r / row_cuts;
      shard.row_end = table.rows * (r + 1) / row_cuts;
      const std::int64_t half = table.dim / 8 * 4;
      shard.col_begin = c == 0 ? 0 : half;
      shard.col_end = column_cuts == 2 && c == 0 ? half : table.dim;
      shards.push_back(shard);
    }
  }
  return shards;
}

}  // namespace shardwright::testing
