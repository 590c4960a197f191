#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/weight_rows.hpp"
#include "runtime/exchange/input_exchange.hpp"

#include <cstdint>
#include <span>

namespace shardwright {

/// Pools the rows of each bag, added in the order of its ids: out[bag · stride + c] = Σ
/// weight · rows[id][c], divided by the bag's length for the mean; 0 for an empty bag. Ids must be
/// rows; without per-sample weights each counts 1. One column after the other: what the kernels of
/// every instruction set (simd/kernels.hpp) must equal to the bit.
void pool_bags(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
               std::int64_t stride);

/// The same for fp32.
inline void pool_bags(const BagsView& bags, PoolingMode mode, std::span<const float> rows,
                      std::int64_t width, float* out, std::int64_t stride) {
  pool_bags(bags, mode, {rows.data(), DataType::fp32, width}, out, stride);
}

}  // namespace shardwright
