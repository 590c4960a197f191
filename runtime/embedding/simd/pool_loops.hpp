#pragma once

#include "runtime/embedding/simd/vectors.hpp"
#include "runtime/embedding/weight_rows.hpp"
#include "runtime/exchange/input_exchange.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace shardwright::simd {

/// The ids of one feature, and of which bag the row sums are to be taken.
template <class Weight>
struct PooledIds {
  const std::int64_t* ids = nullptr;
  const float* weights = nullptr;  ///< per id, or null
  const Weight* rows = nullptr;
  std::size_t width = 0;
  std::size_t size = 0;   ///< of ids
  std::size_t ahead = 0;  ///< rows_ahead()
  std::size_t begin = 0;  ///< of the bag, in ids
  std::size_t end = 0;
  float divisor = 1;  ///< of the sums
};

/// out[c] = the bag's sum over columns [first, first + Lanes · Vectors), which stays in registers.
template <class Isa, std::size_t Lanes, std::size_t Vectors, class Weight>
inline void pool_columns(const PooledIds<Weight>& bag, std::size_t first, float* out) {
  using V = Vector<float, Lanes>;
  V sum[Vectors];
#pragma GCC unroll 8
  for (std::size_t v = 0; v < Vectors; ++v) sum[v] = V{};
  for (std::size_t i = bag.begin; i < bag.end; ++i) {
    if (i + bag.ahead < bag.size) {
      const auto next = static_cast<std::size_t>(bag.ids[i + bag.ahead]);
      prefetch_block<Lanes * Vectors * sizeof(Weight)>(bag.rows + next * bag.width + first);
    }
    const Weight* const row = bag.rows + static_cast<std::size_t>(bag.ids[i]) * bag.width + first;
    const float weight = bag.weights == nullptr ? 1.0F : bag.weights[i];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Vectors; ++v)
      sum[v] += weight * load_floats<Isa, Lanes>(row + Lanes * v);
  }
  if (bag.divisor != 1.0F) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Vectors; ++v) sum[v] /= bag.divisor;
  }
#pragma GCC unroll 8
  for (std::size_t v = 0; v < Vectors; ++v) store(sum[v], out + first + Lanes * v);
}

/// Columns from `first` on, as many blocks as fit; the first one that does not.
template <class Isa, std::size_t Lanes, std::size_t Vectors, class Weight>
inline std::size_t pool_blocks(const PooledIds<Weight>& bag, std::size_t first, float* out) {
  constexpr std::size_t kColumns = Lanes * Vectors;
  for (; first + kColumns <= bag.width; first += kColumns) {
    pool_columns<Isa, Lanes, Vectors>(bag, first, out);
  }
  return first;
}

template <class Isa, class Weight>
inline void pool_bag(const PooledIds<Weight>& bag, float* out) {
  std::size_t first = pool_blocks<Isa, Isa::kLanes, 8>(bag, 0, out);
  first = pool_blocks<Isa, Isa::kLanes, 4>(bag, first, out);
  first = pool_blocks<Isa, Isa::kLanes, 2>(bag, first, out);
  first = pool_blocks<Isa, Isa::kLanes, 1>(bag, first, out);
  first = pool_blocks<Isa, 4, 1>(bag, first, out);
  pool_blocks<Isa, 1, 1>(bag, first, out);
}

template <class Isa, class Weight>
inline void pool_all(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
                     std::int64_t stride) {
  PooledIds<Weight> bag;
  bag.ids = bags.ids.data();
  bag.weights = bags.weights.empty() ? nullptr : bags.weights.data();
  bag.rows = static_cast<const Weight*>(rows.data);
  bag.width = static_cast<std::size_t>(rows.width);
  bag.size = bags.ids.size();
  bag.ahead = rows_ahead(bag.width * sizeof(Weight));
  for (const std::int32_t length : bags.lengths) {
    bag.begin = bag.end;
    bag.end += static_cast<std::size_t>(length);
    const bool divides = mode == PoolingMode::mean && length > 1;
    bag.divisor = divides ? static_cast<float>(length) : 1.0F;
    pool_bag<Isa>(bag, out);
    out += stride;
  }
}

template <class Isa>
void pool_bags(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
               std::int64_t stride) {
  switch (rows.dtype) {
    case DataType::fp32:
      return pool_all<Isa, float>(bags, mode, rows, out, stride);
    case DataType::bf16:
      return pool_all<Isa, Bf16>(bags, mode, rows, out, stride);
    case DataType::fp16:
      return pool_all<Isa, Fp16>(bags, mode, rows, out, stride);
  }
}

}  // namespace shardwright::simd
