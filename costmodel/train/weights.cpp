#include "costmodel/train/weights.hpp"

#include <torch/types.h>

#include <cstddef>

namespace shardwright {

Tensors copies_of(const Tensors& tensors) {
  Tensors copies;
  for (const torch::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

void put_values(const Tensors& values, const Tensors& tensors) {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < tensors.size(); ++i) torch::Tensor(tensors[i]).copy_(values[i]);
}

}  // namespace shardwright
