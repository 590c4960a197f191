#pragma once

#include <torch/types.h>

#include <vector>

namespace shardwright {

using Tensors = std::vector<torch::Tensor>;

/// The tensors' values, in memory of their own.
Tensors copies_of(const Tensors& tensors);
/// Puts `values` into `tensors`, one by one; the sizes are the same.
void put_values(const Tensors& values, const Tensors& tensors);

}  // namespace shardwright
