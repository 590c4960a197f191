#pragma once

#include "costmodel/table.hpp"

namespace shardwright {

/// How the dense part is trained: torch::optim's SGD, Adagrad or Adam, by their formulas
/// (docs/training_math.md, "Dense part").
struct DenseOptimizer {
  OptimizerKind kind = OptimizerKind::adagrad;  ///< sgd, adagrad or adam
  double momentum = 0;                          ///< sgd; 0: none, and no state
  double beta1 = 0.9;                           ///< adam
  double beta2 = 0.999;
  double eps = 1e-8;               ///< adagrad, adam
  double initial_accumulator = 0;  ///< adagrad
  double weight_decay = 0;         ///< adds weight_decay · w to the gradient
};

}  // namespace shardwright
