#pragma once

#include <cstddef>
#include <span>

namespace shardwright {

/// The vectors of a batch's samples that meet in pairs: of each sample its first one, if there is
/// one, and its others, all of `dim` columns. Borrows them.
struct PairedVectors {
  const float* first = nullptr;   ///< [samples][dim]; null: there is none
  const float* others = nullptr;  ///< [samples][num_others][dim]
  std::size_t samples = 0;
  std::size_t num_others = 0;
  std::size_t dim = 0;

  std::size_t per_sample() const { return num_others + (first == nullptr ? 0 : 1); }
  /// Columns of a sample's row of dot_pairs().
  std::size_t row_width() const {
    return (first == nullptr ? 0 : dim) + per_sample() * (per_sample() - 1) / 2;
  }
  /// Vector i < per_sample() of a sample.
  const float* at(std::size_t sample, std::size_t i) const {
    if (first != nullptr && i == 0) return first + sample * dim;
    const std::size_t before = first == nullptr ? 0 : 1;
    return others + (sample * num_others + i - before) * dim;
  }
  /// Samples [begin, begin + count).
  PairedVectors part(std::size_t begin, std::size_t count) const {
    return {first == nullptr ? nullptr : first + begin * dim, others + begin * num_others * dim,
            count, num_others, dim};
  }
};

/// Where the gradients of PairedVectors go; laid out as they are, and apart from them.
struct PairedGradients {
  float* first = nullptr;
  float* others = nullptr;
};

/// Floats of working memory that the two functions below need for so many vectors of a sample;
/// their contents do not matter.
std::size_t pair_scratch_size(std::size_t per_sample, std::size_t dim);

/// rows[sample] = the first vector, if there is one, then the dot products of vectors i and j for
/// j < i in the order (1,0), (2,0), (2,1), (3,0) …, each summed in the order of the columns. Like
/// pool_bags() (lookup.hpp) one column after the other: what the kernels of every instruction set
/// (simd/kernels.hpp) must equal to the bit.
void dot_pairs(const PairedVectors& vectors, float* rows, std::span<float> scratch);

/// Its gradients, given those of its rows: of vector i the sum of g(i, j) · vector j in the order
/// of j ≠ i, to which the first vector adds what its copy has. An oracle as dot_pairs().
void dot_pair_gradients(const PairedVectors& vectors, const float* row_gradients,
                        const PairedGradients& gradients, std::span<float> scratch);

}  // namespace shardwright
