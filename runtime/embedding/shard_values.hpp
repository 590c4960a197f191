#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/workers.hpp"

#include <cstdint>

namespace shardwright {

/// `per_row` values for each row of a shard, all 0, in pages that the workers have touched first
/// (row_shares.hpp). Throws EnvironmentError, with the table and the size, if there is no memory
/// for them.
LineVector<float> shard_values(const Table& table, const Shard& shard, std::int64_t per_row,
                               Workers& workers);

/// One 16-bit value for each weight of a shard; else as shard_values().
LineVector<std::uint16_t> shard_values16(const Table& table, const Shard& shard, Workers& workers);

/// Optimizer state before the first step, in the shape that LocalShard::state has; throws like
/// shard_values(). The same bits with any number of workers.
LineVector<float> initial_state(const Table& table, const Shard& shard,
                                const OptimizerSettings& settings, Workers& workers);

}  // namespace shardwright
