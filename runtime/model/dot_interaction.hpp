#pragma once

#include "runtime/embedding/dot_pairs.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/workers.hpp"

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace shardwright {

/// The dot products of a DLRM on CPUs, by the kernels of dot_pairs.hpp: they read the embeddings
/// where they lie and write their gradients where they are wanted, without the copies that a
/// product of matrices needs, and each pair is multiplied once. However many threads there are, the
/// bits are the same.
class DotInteraction {
 public:
  /// With as many threads as LibTorch has for an operation now.
  DotInteraction(std::size_t num_features, std::size_t dim);

  /// What the top MLP takes, [samples][interaction_width()]. `bottom` is [samples][dim], or has no
  /// columns where there is no bottom MLP; `pooled` is [samples][num_features · dim]. Floats of the
  /// host without gaps.
  at::Tensor forward(const at::Tensor& bottom, const at::Tensor& pooled);

  /// Fills pooled_gradient, [samples][num_features · dim], by `gradient`, that of what forward()
  /// returned for the same two; returns the gradient of `bottom`.
  at::Tensor backward(const at::Tensor& bottom, const at::Tensor& pooled,
                      const at::Tensor& gradient, std::span<float> pooled_gradient);

 private:
  PairedVectors vectors_of(const at::Tensor& bottom, const at::Tensor& pooled) const;
  void for_each_part(std::size_t samples,
                     const std::function<void(std::size_t begin, std::size_t count,
                                              std::span<float> scratch)>& work);

  std::size_t num_features_;
  std::size_t dim_;
  Workers workers_;
  std::vector<LineVector<float>> scratch_;  ///< of each thread
};

}  // namespace shardwright
