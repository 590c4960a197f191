#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/number_format.hpp"

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>

// Four neighbouring weights of a row at a time, in each format: 16 or 8 bytes of memory.

namespace shardwright {

constexpr unsigned kEveryLane = 0xFFFFFFFF;  ///< of a warp

/// Four weights as they lie in memory.
template <class Weight>
struct Raw4 {
  using Type = uint2;
};
template <>
struct Raw4<float> {
  using Type = float4;
};

template <class Weight>
__device__ inline typename Raw4<Weight>::Type load_raw4(const Weight* from) {
  return *reinterpret_cast<const typename Raw4<Weight>::Type*>(from);
}

template <class Weight>
__device__ inline float4 to_float4(typename Raw4<Weight>::Type raw);

template <>
__device__ inline float4 to_float4<float>(float4 raw) {
  return raw;
}

template <>
__device__ inline float4 to_float4<Bf16>(uint2 raw) {
  return {__uint_as_float(raw.x << 16), __uint_as_float(raw.x & 0xFFFF0000U),
          __uint_as_float(raw.y << 16), __uint_as_float(raw.y & 0xFFFF0000U)};
}

template <>
__device__ inline float4 to_float4<Fp16>(uint2 raw) {
  const auto value = [](std::uint32_t word, int shift) {
    return __half2float(__ushort_as_half(static_cast<unsigned short>(word >> shift)));
  };
  return {value(raw.x, 0), value(raw.x, 16), value(raw.y, 0), value(raw.y, 16)};
}

template <class Weight>
__device__ inline float4 load4(const Weight* from) {
  return to_float4<Weight>(load_raw4(from));
}

__device__ inline void store4(float* to, float4 value) { *reinterpret_cast<float4*>(to) = value; }

/// For memory that is not touched again soon: it need not stay in the caches.
template <class Weight>
__device__ inline float4 load4_once(const Weight* from) {
  return to_float4<Weight>(__ldcs(reinterpret_cast<const typename Raw4<Weight>::Type*>(from)));
}

__device__ inline void store4_once(float* to, float4 value) {
  __stcs(reinterpret_cast<float4*>(to), value);
}

/// `row_key` (rounding_row_key()) and `column` of the table say how values are rounded.
__device__ inline void store4_once(float* to, float4 value, std::uint64_t /*row_key*/,
                                   std::int64_t /*column*/) {
  store4_once(to, value);
}

__device__ inline std::uint32_t round_to(Bf16 /*format*/, float value, std::uint32_t random) {
  return stochastic_bf16(value, random).bits;
}
__device__ inline std::uint32_t round_to(Fp16 /*format*/, float value, std::uint32_t random) {
  return stochastic_fp16(value, random).bits;
}

template <class Half>
__device__ inline void store4_once(Half* to, float4 value, std::uint64_t row_key,
                                   std::int64_t column) {
  const auto rounded = [&](float v, int i) {
    return round_to(Half{}, v, rounding_bits(row_key, column + i));
  };
  const uint2 bits = {rounded(value.x, 0) | rounded(value.y, 1) << 16,
                      rounded(value.z, 2) | rounded(value.w, 3) << 16};
  __stcs(reinterpret_cast<uint2*>(to), bits);
}

/// Where a thread's parts of a row lie: four columns, then those `step` further.
struct Columns {
  std::int64_t first = 0;
  std::int64_t step = 0;
  std::int64_t end = 0;
  __device__ std::int64_t of(int part) const { return first + part * step; }
  __device__ bool has(int part) const { return of(part) < end; }
};

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
