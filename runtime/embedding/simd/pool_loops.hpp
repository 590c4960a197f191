#pragma once

#include "runtime/embedding/simd/column_blocks.hpp"
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
  const float* weights = nullptr;  ///< per id, if there are any
  const Weight* rows = nullptr;
  std::size_t width = 0;
  std::size_t size = 0;   ///< of ids
  std::size_t ahead = 0;  ///< rows_ahead()
  std::size_t begin = 0;  ///< of the bag, in ids
  std::size_t end = 0;
  float divisor = 1;         ///< of the sums
  bool is_streamed = false;  ///< streams_out()
};

/// Whether sums go to memory past the caches, which saves reading the lines that they overwrite:
/// where they fill whole lines and leave none of themselves in a second-level cache for who comes
/// next.
template <class Isa>
inline bool streams_out(const float* out, std::size_t width, std::size_t bags, std::size_t stride) {
  constexpr std::size_t kSecondCache = std::size_t{1} << 21;  // the largest there are
  constexpr std::size_t kLineFloats = kCacheLine / sizeof(float);
  const bool has_whole_lines = reinterpret_cast<std::uintptr_t>(out) % kCacheLine == 0 &&
                               width % kLineFloats == 0 && stride % kLineFloats == 0;
  return Isa::kStreams && has_whole_lines && bags * stride * sizeof(float) > kSecondCache;
}

template <class Isa, class Block, class V>
inline void write_sums(const V* sum, const Block& block, bool is_streamed, float* out) {
  if constexpr (Isa::kStreams && Block::kLanes == Isa::kLanes) {
    if (is_streamed) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Block::kVectors; ++v) Isa::stream(sum[v], out + block.at(v));
      return;
    }
  }
#pragma GCC unroll 8
  for (std::size_t v = 0; v < Block::kVectors; ++v) store(sum[v], out + block.at(v));
}

/// out[c] = the bag's sum over the columns of the block.
template <class Isa, bool weighted, class Block, class Weight>
inline void pool_columns(const PooledIds<Weight>& bag, const Block& block, float* out) {
  constexpr std::size_t kVectors = Block::kVectors;
  using V = Vector<float, Block::kLanes>;
  V sum[kVectors];
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = V{};
  for (std::size_t i = bag.begin; i < bag.end; ++i) {
    if (i + bag.ahead < bag.size) {
      block.prefetch(bag.rows + static_cast<std::size_t>(bag.ids[i + bag.ahead]) * bag.width);
    }
    const Weight* const row = bag.rows + static_cast<std::size_t>(bag.ids[i]) * bag.width;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      const V values = load_floats<Isa, Block::kLanes>(row + block.at(v));
      sum[v] += weighted ? bag.weights[i] * values : values;
    }
  }
  if (bag.divisor != 1.0F) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) sum[v] /= bag.divisor;
  }
  write_sums<Isa>(sum, block, bag.is_streamed, out);
}

template <class Isa, bool weighted, class Weight>
inline void pool_all(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
                     std::int64_t stride) {
  PooledIds<Weight> bag;
  bag.ids = bags.ids.data();
  bag.weights = bags.weights.data();
  bag.rows = static_cast<const Weight*>(rows.data);
  bag.width = static_cast<std::size_t>(rows.width);
  bag.size = bags.ids.size();
  bag.ahead = rows_ahead(bag.width * sizeof(Weight));
  bag.is_streamed =
      streams_out<Isa>(out, bag.width, bags.lengths.size(), static_cast<std::size_t>(stride));
  for (const std::int32_t length : bags.lengths) {
    bag.begin = bag.end;
    bag.end += static_cast<std::size_t>(length);
    const bool divides = mode == PoolingMode::mean && length > 1;
    bag.divisor = divides ? static_cast<float>(length) : 1.0F;
    for_each_block<Isa>(bag.width,
                        [&](const auto& block) { pool_columns<Isa, weighted>(bag, block, out); });
    out += stride;
  }
  if constexpr (Isa::kStreams) {
    if (bag.is_streamed) Isa::end_streams();
  }
}

template <class Isa, class Weight>
inline void pool_rows(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
                      std::int64_t stride) {
  if (bags.weights.empty()) return pool_all<Isa, false, Weight>(bags, mode, rows, out, stride);
  pool_all<Isa, true, Weight>(bags, mode, rows, out, stride);
}

template <class Isa>
void pool_bags(const BagsView& bags, PoolingMode mode, const WeightRows& rows, float* out,
               std::int64_t stride) {
  switch (rows.dtype) {
    case DataType::fp32:
      return pool_rows<Isa, float>(bags, mode, rows, out, stride);
    case DataType::bf16:
      return pool_rows<Isa, Bf16>(bags, mode, rows, out, stride);
    case DataType::fp16:
      return pool_rows<Isa, Fp16>(bags, mode, rows, out, stride);
  }
}

}  // namespace shardwright::simd
