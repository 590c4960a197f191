#pragma once

#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shardwright {

/// Weights and optimizer state of consecutive rows of a shard, in the shard's memory; rows count
/// from the first of them.
struct ShardRows {
  std::span<float> weights;
  std::span<float> state;
  std::size_t width = 0;        ///< weights per row
  std::size_t state_width = 0;  ///< values of state per row

  std::span<float> weights_of(std::int64_t row) const {
    return weights.subspan(static_cast<std::size_t>(row) * width, width);
  }
  std::span<float> state_of(std::int64_t row) const {
    return state.subspan(static_cast<std::size_t>(row) * state_width, state_width);
  }
};

/// The rows of a shard from `first_row` on.
inline ShardRows rows_from(ShardedEmbeddings::LocalShard& local, std::int64_t first_row) {
  const auto rows = static_cast<std::size_t>(local.shard.rows());
  const std::size_t width = local.weights.size() / rows;
  const std::size_t state_width = local.state.size() / rows;
  const auto first = static_cast<std::size_t>(first_row);
  return {std::span(local.weights).subspan(first * width),
          std::span(local.state).subspan(first * state_width), width, state_width};
}

}  // namespace shardwright
