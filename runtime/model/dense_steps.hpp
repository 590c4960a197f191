#pragma once

#include "runtime/model/dense_optimizer.hpp"

// Narrow headers, which compile several times faster than <torch/torch.h>.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// One quantity that an optimizer remembers: a tensor for each parameter, shaped like it.
struct DenseState {
  std::string suffix;  ///< of its name in a checkpoint, after the parameter's
  std::vector<at::Tensor> values;
};

/// What the optimizer remembers before its first step.
std::vector<DenseState> initial_dense_state(const DenseOptimizer& optimizer,
                                            const std::vector<at::Tensor>& parameters);

/// Takes one step of parameters[i] by its grad(): the operations, in their order, of torch::optim.
/// `step` counts from 1.
void take_dense_step(const DenseOptimizer& optimizer, double learning_rate, std::int64_t step,
                     std::size_t i, std::vector<at::Tensor>& parameters,
                     std::vector<DenseState>& state);

}  // namespace shardwright
