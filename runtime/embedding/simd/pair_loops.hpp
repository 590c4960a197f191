#pragma once

#include "runtime/embedding/dot_pairs.hpp"
#include "runtime/embedding/simd/column_blocks.hpp"
#include "runtime/embedding/simd/pair_scratch.hpp"
#include "runtime/embedding/simd/vectors.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

namespace shardwright::simd {

/// Four columns of four vectors, which become four vectors of four columns.
template <class Isa>
[[gnu::always_inline]] inline void transpose_square(const float* const* from, std::size_t column,
                                                    float* to, std::size_t stride) {
  using V = Vector<float, 4>;
  const V a = load<V>(from[0] + column);
  const V b = load<V>(from[1] + column);
  const V c = load<V>(from[2] + column);
  const V d = load<V>(from[3] + column);
  const V ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const V ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const V cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const V cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(V(__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5)), to);
  store(V(__builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7)), to + stride);
  store(V(__builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5)), to + 2 * stride);
  store(V(__builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)), to + 3 * stride);
}

/// Pointers to kPairRows of a sample's vectors from i on, the last one for those that are not
/// there.
template <class Isa>
inline void find_rows(const PairedVectors& vectors, std::size_t sample, std::size_t i,
                      const float** rows) {
  for (std::size_t r = 0; r < kPairRows; ++r) {
    rows[r] = vectors.at(sample, std::min(i + r, vectors.per_sample() - 1));
  }
}

/// columns[c · lanes + i] = column c of vector i of the sample; where there is none, of the last.
template <class Isa>
inline void lay_side_by_side(const PairedVectors& vectors, std::size_t sample, std::size_t lanes,
                             float* columns) {
  const float* rows[kPairRows];
  for (std::size_t i = 0; i < lanes; i += kPairRows) {
    find_rows<Isa>(vectors, sample, i, rows);
    std::size_t c = 0;
    for (; c + 4 <= vectors.dim; c += 4) {
      transpose_square<Isa>(rows, c, columns + c * lanes + i, lanes);
    }
    for (; c < vectors.dim; ++c) {
      for (std::size_t r = 0; r < kPairRows; ++r) columns[c * lanes + i + r] = rows[r][c];
    }
  }
}

/// dots[r · lanes + k] = the dot product of rows[r] and the vector whose columns are at
/// columns[k], for as many k as Vectors vectors have lanes.
template <class Isa, std::size_t Vectors>
inline void dot_rows(const float* const* rows, const float* columns, std::size_t lanes,
                     std::size_t dim, float* dots) {
  using V = Vector<float, Isa::kLanes>;
  V sum[kPairRows][Vectors] = {};
  for (std::size_t c = 0; c < dim; ++c, columns += lanes) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kPairRows; ++r) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) {
        sum[r][v] += rows[r][c] * load<V>(columns + Isa::kLanes * v);
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kPairRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) store(sum[r][v], dots + r * lanes + Isa::kLanes * v);
  }
}

/// The dot products of kPairRows vectors with the first `size` ones.
template <class Isa>
inline void dot_rows_with(const float* const* rows, std::size_t size, const float* columns,
                          std::size_t lanes, std::size_t dim, float* dots) {
  std::size_t j = 0;
  for (; j + Isa::kLanes < size; j += 2 * Isa::kLanes) {
    dot_rows<Isa, 2>(rows, columns + j, lanes, dim, dots + j);
  }
  if (j < size) dot_rows<Isa, 1>(rows, columns + j, lanes, dim, dots + j);
}

/// Writes the dot products of vectors [i, i + kPairRows) with those before each; returns where the
/// next ones go. `dots`: working memory.
template <class Isa>
inline float* write_pairs(const PairedVectors& vectors, std::size_t sample, std::size_t i,
                          const float* columns, std::size_t lanes, float* dots, float* out) {
  const float* rows[kPairRows];
  find_rows<Isa>(vectors, sample, i, rows);
  const std::size_t end = std::min(i + kPairRows, vectors.per_sample());
  dot_rows_with<Isa>(rows, end - 1, columns, lanes, vectors.dim, dots);
  for (std::size_t r = i; r < end; ++r) {
    std::memcpy(out, dots + (r - i) * lanes, r * sizeof(float));
    out += r;
  }
  return out;
}

template <class Isa>
void dot_pairs(const PairedVectors& vectors, float* rows, std::span<float> scratch) {
  const PairScratch places(vectors.per_sample(), vectors.dim);
  float* const columns = scratch.data();
  float* const dots = columns + places.columns;
  for (std::size_t n = 0; n < vectors.samples; ++n) {
    if (vectors.first != nullptr) {
      std::memcpy(rows, vectors.at(n, 0), vectors.dim * sizeof(float));
      rows += vectors.dim;
    }
    lay_side_by_side<Isa>(vectors, n, places.lanes, columns);
    for (std::size_t i = 0; i < vectors.per_sample(); i += kPairRows) {
      rows = write_pairs<Isa>(vectors, n, i, columns, places.lanes, dots, rows);
    }
  }
}

/// square[i · lanes + j] = square[j · lanes + i] = what comes of the pair (i, j).
template <class Isa>
inline void make_square(const float* of_pairs, std::size_t size, std::size_t lanes, float* square) {
  for (std::size_t i = 1; i < size; of_pairs += i, ++i) {
    std::memcpy(square + i * lanes, of_pairs, i * sizeof(float));
    for (std::size_t j = 0; j < i; ++j) square[j * lanes + i] = of_pairs[j];
  }
}

/// out[c] = begin[c], if there is one, + Σ factors[j] · vector j over the j ≠ i, for the columns of
/// the block.
template <class Isa, class Block>
inline void sum_others(const PairedVectors& vectors, std::size_t sample, std::size_t i,
                       const float* factors, const Block& block, const float* begin, float* out) {
  constexpr std::size_t kVectors = Block::kVectors;
  using V = Vector<float, Block::kLanes>;
  V sum[kVectors];
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) {
    sum[v] = begin == nullptr ? V{} : load<V>(begin + block.at(v));
  }
  const auto add = [&](std::size_t j) {
    const float* const vector = vectors.at(sample, j);
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) sum[v] += factors[j] * load<V>(vector + block.at(v));
  };
  for (std::size_t j = 0; j < i; ++j) add(j);
  for (std::size_t j = i + 1; j < vectors.per_sample(); ++j) add(j);
#pragma GCC unroll 8
  for (std::size_t v = 0; v < kVectors; ++v) store(sum[v], out + block.at(v));
}

/// Writes the gradients of a sample's vectors, and moves `to` behind them. `first_gradient`: what
/// the first vector's begins with, if there is one.
template <class Isa>
inline void write_gradients(const PairedVectors& vectors, std::size_t sample, const float* square,
                            std::size_t lanes, const float* first_gradient, PairedGradients& to) {
  for (std::size_t i = 0; i < vectors.per_sample(); ++i) {
    const bool is_first = vectors.first != nullptr && i == 0;
    float*& next = is_first ? to.first : to.others;
    for_each_block<Isa>(vectors.dim, [&](const auto& block) {
      sum_others<Isa>(vectors, sample, i, square + i * lanes, block,
                      is_first ? first_gradient : nullptr, next);
    });
    next += vectors.dim;
  }
}

template <class Isa>
void dot_pair_gradients(const PairedVectors& vectors, const float* row_gradients,
                        const PairedGradients& gradients, std::span<float> scratch) {
  const PairScratch places(vectors.per_sample(), vectors.dim);
  float* const square = scratch.data() + places.columns;
  const std::size_t before = vectors.first != nullptr ? vectors.dim : 0;
  PairedGradients to = gradients;
  for (std::size_t n = 0; n < vectors.samples; ++n, row_gradients += vectors.row_width()) {
    make_square<Isa>(row_gradients + before, vectors.per_sample(), places.lanes, square);
    write_gradients<Isa>(vectors, n, square, places.lanes, row_gradients, to);
  }
}

}  // namespace shardwright::simd
