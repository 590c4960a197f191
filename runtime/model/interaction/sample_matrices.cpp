#include "runtime/model/interaction/sample_matrices.hpp"

#include <algorithm>

namespace shardwright {
namespace {

std::size_t multiple_of(std::size_t factor, std::size_t size) {
  return (size + factor - 1) / factor * factor;
}

}  // namespace

SampleMatrices::SampleMatrices(const InteractionView& view)
    : rows(multiple_of(kRowsAtOnce, view.vectors())),
      pair_stride(multiple_of(kMostLanes, rows)),
      column_stride(multiple_of(kMostLanes, view.dim)) {
  const std::size_t vector_size = std::max(view.dim * pair_stride, rows * column_stride);
  const std::size_t pairs_size = rows * pair_stride;
  memory.resize(vector_size + pairs_size + rows * column_stride + column_stride);
  vectors = memory.data();
  pairs = vectors + vector_size;
  gradients = pairs + pairs_size;
  zeros = gradients + rows * column_stride;
}

SampleMatrices::~SampleMatrices() = default;

}  // namespace shardwright
