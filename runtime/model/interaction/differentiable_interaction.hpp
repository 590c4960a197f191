#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace shardwright {

/// dot_interaction() of samples in host memory, with its gradients for autograd. `bottom`
/// [samples][dim] may be without columns: then embeddings interact among themselves. `pooled` is
/// [samples][features · dim].
at::Tensor differentiable_interaction(const at::Tensor& bottom, const at::Tensor& pooled,
                                      std::int64_t dim);

}  // namespace shardwright
