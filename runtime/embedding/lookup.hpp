#pragma once

#include "costmodel/table.hpp"
#include "runtime/exchange/input_exchange.hpp"

#include <cstdint>
#include <span>

namespace shardwright {

/// Pools the rows of each bag, added in the order of its ids: out[bag · stride + c] = Σ
/// weight · rows[id][c], divided by the bag's length for the mean; 0 for an empty bag. `rows` is
/// [rows][width]; ids must be rows of it; without per-sample weights each counts 1.
void pool_bags(const BagsView& bags, PoolingMode mode, std::span<const float> rows,
               std::int64_t width, float* out, std::int64_t stride);

}  // namespace shardwright
