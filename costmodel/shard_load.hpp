#pragma once

#include "costmodel/shard.hpp"
#include "costmodel/table.hpp"

namespace shardwright {

/// What one global batch asks of a shard.
struct ShardLoad {
  double lookups = 0;      ///< ids that fall into its rows
  double bags = 0;         ///< bags of the table's features (samples × features)
  double output_rows = 0;  ///< rows it puts out: one per bag, or per id without pooling
  double unique_rows = 0;  ///< distinct rows touched
};

/// `samples` of the batch reach the shard (all of them, but 1/W of them on each rank of a
/// data_parallel table), and the table's global batch touches `unique_rows`. Ids are taken to be
/// spread evenly over rows, as hashing makes them.
ShardLoad load_of(const Table& table, const Shard& shard, double samples, double unique_rows);

/// Bytes a shard moves in one phase, by the way memory serves them.
struct MovedBytes {
  double streamed = 0;  ///< in order, or from a cache
  double random = 0;    ///< row by row, from memory
  MovedBytes& operator+=(const MovedBytes& other) {
    streamed += other.streamed;
    random += other.random;
    return *this;
  }
};

/// Ids and weights read, rows gathered (each row from memory once, then from a cache), pooled rows
/// written.
MovedBytes forward_bytes(const Table& table, const Shard& shard, const ShardLoad& load);
/// Ids and output gradients read, touched rows and their optimizer state read and written.
MovedBytes backward_bytes(const Table& table, const Shard& shard, const ShardLoad& load);

/// Bytes that the ids of `load` take on the wire: 8 per id (12 with a weight), 4 per bag's length.
double input_message_bytes(const Table& table, const ShardLoad& load);
/// Bytes of its output rows on the wire, fp32.
double output_message_bytes(const Shard& shard, const ShardLoad& load);
/// Bytes of a data_parallel shard's gradient, of all its rows, fp32.
double replicated_gradient_bytes(const Shard& shard);

}  // namespace shardwright
