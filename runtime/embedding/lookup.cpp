#include "runtime/embedding/lookup.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {

void pool_bags(const BagsView& bags, PoolingMode mode, std::span<const float> rows,
               std::int64_t width, float* out, std::int64_t stride) {
  std::size_t next = 0;
  for (const std::int32_t length : bags.lengths) {
    std::fill_n(out, width, 0.0F);
    for (std::int32_t i = 0; i < length; ++i, ++next) {
      const float weight = bags.weights.empty() ? 1.0F : bags.weights[next];
      const float* row = rows.data() + bags.ids[next] * width;
      for (std::int64_t c = 0; c < width; ++c) out[c] += weight * row[c];
    }
    if (mode == PoolingMode::mean && length > 1) {
      const auto divisor = static_cast<float>(length);
      for (std::int64_t c = 0; c < width; ++c) out[c] /= divisor;
    }
    out += stride;
  }
}

}  // namespace shardwright
