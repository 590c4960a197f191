#include "runtime/embedding/dot_pairs.hpp"

#include "runtime/embedding/simd/pair_scratch.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

float dot(const float* a, const float* b, std::size_t size) {
  float sum = 0;
  for (std::size_t c = 0; c < size; ++c) sum += a[c] * b[c];
  return sum;
}

/// Where the pair's dot product is among a sample's.
std::size_t place_of_pair(std::size_t i, std::size_t j) {
  const auto [less, more] = std::minmax(i, j);
  return more * (more - 1) / 2 + less;
}

/// Adds what vector i's gradient has of the others.
void add_products(const PairedVectors& vectors, std::size_t sample, std::size_t i,
                  const float* of_pairs, float* sum) {
  for (std::size_t j = 0; j < vectors.per_sample(); ++j) {
    if (j == i) continue;
    const float factor = of_pairs[place_of_pair(i, j)];
    const float* const other = vectors.at(sample, j);
    for (std::size_t c = 0; c < vectors.dim; ++c) sum[c] += factor * other[c];
  }
}

}  // namespace

std::size_t pair_scratch_size(std::size_t per_sample, std::size_t dim) {
  return simd::PairScratch(per_sample, dim).size();
}

void dot_pairs(const PairedVectors& vectors, float* rows, std::span<float> /*scratch*/) {
  for (std::size_t n = 0; n < vectors.samples; ++n) {
    if (vectors.first != nullptr) rows = std::copy_n(vectors.at(n, 0), vectors.dim, rows);
    for (std::size_t i = 1; i < vectors.per_sample(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        *rows++ = dot(vectors.at(n, i), vectors.at(n, j), vectors.dim);
      }
    }
  }
}

void dot_pair_gradients(const PairedVectors& vectors, const float* row_gradients,
                        const PairedGradients& gradients, std::span<float> /*scratch*/) {
  const std::size_t dim = vectors.dim;
  const bool has_first = vectors.first != nullptr;
  PairedGradients to = gradients;
  for (std::size_t n = 0; n < vectors.samples; ++n, row_gradients += vectors.row_width()) {
    for (std::size_t i = 0; i < vectors.per_sample(); ++i) {
      const bool is_first = has_first && i == 0;
      float*& next = is_first ? to.first : to.others;
      float* const sum = std::exchange(next, next + dim);
      for (std::size_t c = 0; c < dim; ++c) sum[c] = is_first ? row_gradients[c] : 0.0F;
      add_products(vectors, n, i, row_gradients + (has_first ? dim : 0), sum);
    }
  }
}

}  // namespace shardwright
