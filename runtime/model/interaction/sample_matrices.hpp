#pragma once

#include "runtime/embedding/line_vector.hpp"
#include "runtime/model/interaction/dot_interaction.hpp"

#include <cstddef>

namespace shardwright {

/// Room for one sample's vectors as rows or as columns, for the matrix of their pairs and for their
/// gradients, each beside zeros that fill up to whole blocks of a kernel of any instruction set.
struct SampleMatrices {
  static constexpr std::size_t kRowsAtOnce = 4;
  static constexpr std::size_t kMostLanes = 16;

  explicit SampleMatrices(const InteractionView& view);
  SampleMatrices(const SampleMatrices&) = delete;
  SampleMatrices& operator=(const SampleMatrices&) = delete;
  ~SampleMatrices();  // not compiled where kernels are

  std::size_t rows;  ///< vectors, a multiple of kRowsAtOnce
  std::size_t pair_stride;
  std::size_t column_stride;
  LineVector<float> memory;
  float* vectors;      ///< [rows][column_stride] or, as columns, [dim][pair_stride]
  float* pairs;        ///< [rows][pair_stride]
  float* gradients;    ///< [rows][column_stride]
  const float* zeros;  ///< [dim]
};

}  // namespace shardwright
