#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace shardwright {

/// How a table is cut. Names are TorchRec's, save `grid` (its grid_shard).
enum class ShardingType {
  data_parallel,      ///< whole table on every rank
  table_wise,         ///< whole table on one rank
  column_wise,        ///< column ranges, each on any rank
  row_wise,           ///< row ranges over the ranks
  table_row_wise,     ///< row ranges over the ranks of one node
  table_column_wise,  ///< column ranges on the ranks of one node
  grid,               ///< column ranges over nodes, row ranges within
};

inline constexpr std::array kAllShardingTypes = {
    ShardingType::data_parallel, ShardingType::table_wise,     ShardingType::column_wise,
    ShardingType::row_wise,      ShardingType::table_row_wise, ShardingType::table_column_wise,
    ShardingType::grid};

bool contains(const std::vector<ShardingType>& types, ShardingType type);

std::string_view to_string(ShardingType type);
/// Throws InputError listing the seven names.
ShardingType parse_sharding_type(std::string_view text);

}  // namespace shardwright
