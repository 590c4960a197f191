#include "runtime/embedding/lookup.hpp"

#include "runtime/embedding/number_format.hpp"

#include <algorithm>
#include <cstddef>

namespace shardwright {
namespace {

float as_float(float value) { return value; }
float as_float(Bf16 value) { return to_float(value); }
float as_float(Fp16 value) { return to_float(value); }

template <class Weight>
void pool(const BagsView& bags, PoolingMode mode, const Weight* rows, std::int64_t width,
          float* out, std::int64_t stride) {
  std::size_t next = 0;
  for (const std::int32_t length : bags.lengths) {
    std::fill_n(out, width, 0.0F);
    for (std::int32_t i = 0; i < length; ++i, ++next) {
      const float weight = bags.weights.empty() ? 1.0F : bags.weights[next];
      const Weight* row = rows + bags.ids[next] * width;
      for (std::int64_t c = 0; c < width; ++c) out[c] += weight * as_float(row[c]);
    }
    if (mode == PoolingMode::mean && length > 1) {
      const auto divisor = static_cast<float>(length);
      for (std::int64_t c = 0; c < width; ++c) out[c] /= divisor;
    }
    out += stride;
  }
}

}  // namespace

void pool_bags(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
               std::int64_t stride) {
  switch (rows.dtype) {
    case DataType::fp32:
      return pool(bags, mode, static_cast<const float*>(rows.data), rows.width, out, stride);
    case DataType::bf16:
      return pool(bags, mode, static_cast<const Bf16*>(rows.data), rows.width, out, stride);
    case DataType::fp16:
      return pool(bags, mode, static_cast<const Fp16*>(rows.data), rows.width, out, stride);
  }
}

}  // namespace shardwright
