#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/number_format.hpp"

#include <cuda_runtime.h>

#include <cstdint>

// Four neighbouring weights of a row at a time, in each format: 16 or 8 bytes of memory.

namespace shardwright {

__device__ inline float4 load4(const float* from) { return *reinterpret_cast<const float4*>(from); }

template <class Half>
__device__ inline float4 load4(const Half* from) {
  static_assert(sizeof(Half) == 2);
  const uint2 bits = *reinterpret_cast<const uint2*>(from);
  const auto value = [](std::uint32_t word, int shift) {
    return to_float(Half{static_cast<std::uint16_t>(word >> shift)});
  };
  return {value(bits.x, 0), value(bits.x, 16), value(bits.y, 0), value(bits.y, 16)};
}

/// `row_key` (rounding_row_key()) and `column` of the table say how values are rounded.
__device__ inline void store4(float* to, float4 value, std::uint64_t /*row_key*/,
                              std::int64_t /*column*/) {
  *reinterpret_cast<float4*>(to) = value;
}

__device__ inline std::uint32_t round_to(Bf16 /*format*/, float value, std::uint32_t random) {
  return stochastic_bf16(value, random).bits;
}
__device__ inline std::uint32_t round_to(Fp16 /*format*/, float value, std::uint32_t random) {
  return stochastic_fp16(value, random).bits;
}

template <class Half>
__device__ inline void store4(Half* to, float4 value, std::uint64_t row_key, std::int64_t column) {
  const auto rounded = [&](float v, int i) {
    return round_to(Half{}, v, rounding_bits(row_key, column + i));
  };
  const uint2 bits = {rounded(value.x, 0) | rounded(value.y, 1) << 16,
                      rounded(value.z, 2) | rounded(value.w, 3) << 16};
  *reinterpret_cast<uint2*>(to) = bits;
}

/// sum += factor · term, each product and sum rounded.
__device__ inline void add(float4& sum, float factor, float4 term) {
  sum.x += factor * term.x;
  sum.y += factor * term.y;
  sum.z += factor * term.z;
  sum.w += factor * term.w;
}

/// Calls visit with a null pointer of the type that holds one weight.
template <class Visit>
__device__ inline void with_weight_type(DataType dtype, Visit visit) {
  switch (dtype) {
    case DataType::fp32:
      return visit(static_cast<float*>(nullptr));
    case DataType::bf16:
      return visit(static_cast<Bf16*>(nullptr));
    case DataType::fp16:
      return visit(static_cast<Fp16*>(nullptr));
  }
}

}  // namespace shardwright
