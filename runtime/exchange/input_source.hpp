#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// One feature's bags of one rank's samples, as Bags, in someone else's memory.
struct BagsView {
  std::span<const std::int32_t> lengths;
  std::span<const std::int64_t> ids;
  std::span<const float> weights;
};

/// What one rank sent, and its rows [row_begin, row_end()) of the owner's matrix: first those of
/// its samples, then those of its ids' vectors (OwnerLayout).
struct InputSource {
  std::int64_t row_begin = 0;
  std::int64_t samples = 0;
  std::vector<BagsView> features;  ///< in the order of OwnerLayout::features
  std::int64_t rows_per_sample = 1;
  std::int64_t vector_rows = 0;
  /// Of each feature without pooling: the row where its first id's vector begins. Empty if there
  /// are none.
  std::vector<std::int64_t> first_vectors = {};
  std::int64_t row_end() const { return row_begin + samples * rows_per_sample + vector_rows; }
};

}  // namespace shardwright
