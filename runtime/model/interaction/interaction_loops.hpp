#pragma once

#include "runtime/embedding/simd/vectors.hpp"
#include "runtime/model/interaction/sample_matrices.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

// For files that compile kernels for one instruction set, under the rules of
// runtime/embedding/simd/vectors.hpp.

namespace shardwright::simd {

/// A matrix whose rows are `stride` apart.
struct Matrix {
  float* data = nullptr;
  std::size_t stride = 0;
};

/// kRowsAtOnce rows of c from `row` on, `Vectors` vectors of columns from `column` on:
/// c[r][x] = Σ over `depth` rows k, in their order, of a[k][r] · b[k][x].
template <class Isa, std::size_t Vectors>
inline void multiply_block(const Matrix& a, const Matrix& b, const Matrix& c, std::size_t depth,
                           std::size_t row, std::size_t column) {
  constexpr std::size_t kRows = SampleMatrices::kRowsAtOnce;
  using V = Vector<float, Isa::kLanes>;
  V sum[kRows][Vectors];
  const float* left = a.data + row;
  const float* right = b.data + column;
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) sum[r][v] = V{};
  }
  for (std::size_t k = 0; k < depth; ++k, left += a.stride, right += b.stride) {
    V values[Vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) values[v] = load<V>(right + v * Isa::kLanes);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) sum[r][v] += left[r] * values[v];
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < kRows; ++r) {
    float* const to = c.data + (row + r) * c.stride + column;
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) store(sum[r][v], to + v * Isa::kLanes);
  }
}

/// The first `columns` columns of those rows, up to whole vectors.
template <class Isa>
inline void multiply_rows(const Matrix& a, const Matrix& b, const Matrix& c, std::size_t depth,
                          std::size_t row, std::size_t columns) {
  std::size_t column = 0;
  for (; column + Isa::kLanes < columns; column += 2 * Isa::kLanes) {
    multiply_block<Isa, 2>(a, b, c, depth, row, column);
  }
  if (column < columns) multiply_block<Isa, 1>(a, b, c, depth, row, column);
}

/// to[c][r] = from[r][first + c], of four rows and columns.
template <class Isa>
inline void transpose_four(const float* const* from, std::size_t first, float* to,
                           std::size_t stride) {
  using V = Vector<float, 4>;
  const V row0 = load<V>(from[0] + first);
  const V row1 = load<V>(from[1] + first);
  const V row2 = load<V>(from[2] + first);
  const V row3 = load<V>(from[3] + first);
  const V even_low = __builtin_shufflevector(row0, row2, 0, 4, 1, 5);
  const V even_high = __builtin_shufflevector(row0, row2, 2, 6, 3, 7);
  const V odd_low = __builtin_shufflevector(row1, row3, 0, 4, 1, 5);
  const V odd_high = __builtin_shufflevector(row1, row3, 2, 6, 3, 7);
  store(__builtin_shufflevector(even_low, odd_low, 0, 4, 1, 5), to);
  store(__builtin_shufflevector(even_low, odd_low, 2, 6, 3, 7), to + stride);
  store(__builtin_shufflevector(even_high, odd_high, 0, 4, 1, 5), to + 2 * stride);
  store(__builtin_shufflevector(even_high, odd_high, 2, 6, 3, 7), to + 3 * stride);
}

/// The sample's vectors as columns.
template <class Isa>
inline void put_columns(const InteractionView& view, std::size_t sample,
                        const SampleMatrices& matrices) {
  const std::size_t stride = matrices.pair_stride;
  for (std::size_t row = 0; row < matrices.rows; row += 4) {
    const float* from[4];
    for (std::size_t r = 0; r < 4; ++r) {
      from[r] = row + r < view.vectors() ? view.vector(sample, row + r) : matrices.zeros;
    }
    float* const to = matrices.vectors + row;
    std::size_t c = 0;
    for (; c + 4 <= view.dim; c += 4) transpose_four<Isa>(from, c, to + c * stride, stride);
    for (; c < view.dim; ++c) {
      for (std::size_t r = 0; r < 4; ++r) to[c * stride + r] = from[r][c];
    }
  }
}

/// The sample's vectors as rows.
template <class Isa>
inline void put_rows(const InteractionView& view, std::size_t sample,
                     const SampleMatrices& matrices) {
  for (std::size_t i = 0; i < view.vectors(); ++i) {
    std::memcpy(matrices.vectors + i * matrices.column_stride, view.vector(sample, i),
                view.dim * sizeof(float));
  }
}

/// Row i of the triangle below the diagonal of the matrix of pairs: its first i values.
template <class Isa>
inline float* take_triangle(const InteractionView& view, const SampleMatrices& matrices,
                            float* out) {
  for (std::size_t i = 1; i < view.vectors(); ++i) {
    std::memcpy(out, matrices.pairs + i * matrices.pair_stride, i * sizeof(float));
    out += i;
  }
  return out;
}

/// Both triangles of the matrix of pairs; its diagonal stays zero.
template <class Isa>
inline void put_triangles(const InteractionView& view, const float* gradients,
                          const SampleMatrices& matrices) {
  for (std::size_t i = 1; i < view.vectors(); ++i) {
    float* const row = matrices.pairs + i * matrices.pair_stride;
    float* const column = matrices.pairs + i;
    for (std::size_t j = 0; j < i; ++j) row[j] = column[j * matrices.pair_stride] = *gradients++;
  }
}

template <class Isa>
void dot_interaction(const InteractionView& view, float* out) {
  const SampleMatrices matrices(view);
  const Matrix columns{matrices.vectors, matrices.pair_stride};
  const Matrix pairs{matrices.pairs, matrices.pair_stride};
  for (std::size_t n = 0; n < view.samples; ++n) {
    put_columns<Isa>(view, n, matrices);
    for (std::size_t row = 0; row < matrices.rows; row += SampleMatrices::kRowsAtOnce) {
      multiply_rows<Isa>(columns, columns, pairs, view.dim, row,
                         row + SampleMatrices::kRowsAtOnce - 1);
    }
    if (view.bottom != nullptr) {
      std::memcpy(out, view.vector(n, 0), view.dim * sizeof(float));
      out += view.dim;
    }
    out = take_triangle<Isa>(view, matrices, out);
  }
}

template <class Isa>
inline void take_gradients(const InteractionView& view, std::size_t sample,
                           const float* past_products, const SampleMatrices& matrices,
                           const InteractionGradients& to) {
  const float* from = matrices.gradients;
  if (view.bottom != nullptr) {
    float* const out = to.bottom + sample * view.dim;
    for (std::size_t c = 0; c < view.dim; ++c) out[c] = from[c] + past_products[c];
    from += matrices.column_stride;
  }
  float* out = to.pooled + sample * view.features * view.dim;
  for (std::size_t i = 0; i < view.features; ++i, from += matrices.column_stride) {
    std::memcpy(out + i * view.dim, from, view.dim * sizeof(float));
  }
}

template <class Isa>
void dot_interaction_gradients(const InteractionView& view, const float* gradient,
                               const InteractionGradients& to) {
  const SampleMatrices matrices(view);
  const Matrix pairs{matrices.pairs, matrices.pair_stride};
  const Matrix vectors{matrices.vectors, matrices.column_stride};
  const Matrix sums{matrices.gradients, matrices.column_stride};
  for (std::size_t n = 0; n < view.samples; ++n, gradient += view.width()) {
    put_rows<Isa>(view, n, matrices);
    put_triangles<Isa>(view, gradient + (view.width() - view.pairs()), matrices);
    for (std::size_t row = 0; row < matrices.rows; row += SampleMatrices::kRowsAtOnce) {
      multiply_rows<Isa>(pairs, vectors, sums, view.vectors(), row, view.dim);
    }
    take_gradients<Isa>(view, n, gradient, matrices, to);
  }
}

}  // namespace shardwright::simd
