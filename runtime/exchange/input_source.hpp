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

/// What one rank sent: its samples are rows [row_begin, row_begin + samples) of the matrix.
struct InputSource {
  std::int64_t row_begin = 0;
  std::int64_t samples = 0;
  std::vector<BagsView> features;  ///< in the order of OwnerLayout::features
};

}  // namespace shardwright
