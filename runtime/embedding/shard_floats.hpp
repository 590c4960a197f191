#pragma once

#include "runtime/embedding/sharded_embeddings.hpp"

#include <span>

namespace shardwright {

/// A shard's weights as floats, [rows][columns], whatever their format; exact.
LineVector<float> weights_in_floats(const ShardedEmbeddings::LocalShard& local);

/// Sets all weights, [rows][columns]; those of a 16-bit table to the nearest values, so that what
/// weights_in_floats() gave comes back to the bit. Throws std::logic_error for another number.
void set_weights(ShardedEmbeddings::LocalShard& local, std::span<const float> weights);

}  // namespace shardwright
