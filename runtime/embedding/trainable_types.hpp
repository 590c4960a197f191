#pragma once

#include "costmodel/sharding_type.hpp"

#include <array>

namespace shardwright {

/// The sharding types that this runtime trains.
inline constexpr std::array kTrainableTypes = {
    ShardingType::table_wise,     ShardingType::column_wise,       ShardingType::row_wise,
    ShardingType::table_row_wise, ShardingType::table_column_wise, ShardingType::grid,
    ShardingType::data_parallel};

}  // namespace shardwright
