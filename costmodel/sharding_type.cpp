#include "costmodel/sharding_type.hpp"

#include "costmodel/names.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr Names<ShardingType, 7> kNames = {{
    {ShardingType::data_parallel, "data_parallel"},
    {ShardingType::table_wise, "table_wise"},
    {ShardingType::column_wise, "column_wise"},
    {ShardingType::row_wise, "row_wise"},
    {ShardingType::table_row_wise, "table_row_wise"},
    {ShardingType::table_column_wise, "table_column_wise"},
    {ShardingType::grid, "grid"},
}};

}  // namespace

bool contains(const std::vector<ShardingType>& types, ShardingType type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::string_view to_string(ShardingType type) { return name_of(type, kNames); }

ShardingType parse_sharding_type(std::string_view text) {
  return value_of(text, kNames, "sharding type");
}

}  // namespace shardwright
