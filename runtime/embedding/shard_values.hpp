#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/optimizer.hpp"

#include <cstdint>

namespace shardwright {

/// `per_row` values for each row of a shard, all `value`. Throws EnvironmentError, with the table
/// and the size, if there is no memory for them.
LineVector<float> shard_values(const Table& table, const Shard& shard, std::int64_t per_row,
                               float value);

/// One 16-bit value for each weight of a shard, all 0; throws like shard_values().
LineVector<std::uint16_t> shard_values16(const Table& table, const Shard& shard);

/// Optimizer state before the first step, in the shape that LocalShard::state has.
LineVector<float> initial_state(const Table& table, const Shard& shard,
                                const OptimizerSettings& settings);

}  // namespace shardwright
