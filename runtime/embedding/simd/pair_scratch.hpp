#pragma once

#include <cstddef>

namespace shardwright::simd {

/// Vectors of a sample whose dot products with others are computed side by side.
inline constexpr std::size_t kPairRows = 4;

/// Places in the working memory of a sample's dot products: first the vectors side by side, column
/// after column, then the dot products of kPairRows of them, or what comes of all pairs as a
/// square.
struct PairScratch {
  /// Enough for the widest vectors of any instruction set.
  static constexpr std::size_t kMostLanes = 16;
  std::size_t lanes = 0;    ///< floats from one column to the next one
  std::size_t columns = 0;  ///< floats of all columns
  std::size_t rest = 0;     ///< floats of what follows

  PairScratch(std::size_t per_sample, std::size_t dim)
      : lanes((per_sample + kMostLanes - 1) / kMostLanes * kMostLanes),
        columns(lanes * dim),
        rest((per_sample + kPairRows) * lanes) {}
  std::size_t size() const { return columns + rest; }
};

}  // namespace shardwright::simd
