#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/workers.hpp"

#include <cstdint>

namespace shardwright {

/// Initial weights of a table with so many rows lie in [−scale, scale).
float initial_scale(std::int64_t rows);

/// The initial weights of one shard, [rows][columns], the same bits with any number of workers,
/// which share the rows (row_shares.hpp). Throws EnvironmentError, with the table and the size, if
/// there is no memory for them.
LineVector<float> initial_weights(std::uint64_t seed, const Table& table, const Shard& shard,
                                  Workers& workers);

/// The same for a table in a 16-bit format, as its bits: the nearest values.
LineVector<std::uint16_t> initial_weights16(std::uint64_t seed, const Table& table,
                                            const Shard& shard, Workers& workers);

}  // namespace shardwright
