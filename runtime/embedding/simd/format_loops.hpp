#pragma once

#include "runtime/embedding/shard_rows.hpp"
#include "runtime/embedding/simd/vectors.hpp"

#include <cstddef>
#include <cstdint>

namespace shardwright::simd {

/// Weights of a row in a 16-bit format as floats; exact.
template <class Isa>
inline void widen_row(DataType dtype, const std::uint16_t* __restrict from, float* __restrict to,
                      std::size_t n) {
  if (dtype == DataType::bf16) {
    for (std::size_t c = 0; c < n; ++c) to[c] = to_float(Bf16{from[c]});
  } else {
    for (std::size_t c = 0; c < n; ++c) to[c] = to_float(Fp16{from[c]});
  }
}

/// Back again, rounded by chance: docs/training_math.md, "Number formats".
template <class Isa>
inline void narrow_row(DataType dtype, const float* __restrict from, std::uint64_t row_key,
                       std::int64_t first_column, std::uint16_t* __restrict to, std::size_t n) {
  if (dtype == DataType::bf16) {
    for (std::size_t c = 0; c < n; ++c) {
      const auto column = first_column + static_cast<std::int64_t>(c);
      to[c] = stochastic_bf16(from[c], rounding_bits(row_key, column)).bits;
    }
  } else {
    for (std::size_t c = 0; c < n; ++c) {
      const auto column = first_column + static_cast<std::int64_t>(c);
      to[c] = stochastic_fp16(from[c], rounding_bits(row_key, column)).bits;
    }
  }
}

}  // namespace shardwright::simd
