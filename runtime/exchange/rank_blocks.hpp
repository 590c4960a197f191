#pragma once

#include "runtime/embedding/line_vector.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// Floats that a rank exchanges with each rank, in one buffer, which is kept from batch to batch.
struct RankBlocks {
  LineVector<float> buffer;
  std::vector<std::span<float>> of_rank;

  /// One size for each rank.
  void make_room(std::span<const std::size_t> sizes);
};

}  // namespace shardwright
