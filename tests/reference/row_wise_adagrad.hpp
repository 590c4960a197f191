#pragma once

#include <torch/nn.h>

namespace reference {

/// Adagrad with one accumulator per row of an embedding table; torch::optim has none such.
class RowWiseAdagrad {
 public:
  explicit RowWiseAdagrad(torch::Tensor weight)
      : weight_(std::move(weight)), state_(torch::zeros({weight_.size(0)})) {}

  /// Applies the table's sparse gradient. `weight` is [rows, dim].
  void step(double learning_rate) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor gradient = weight_.grad().coalesce();
    const torch::Tensor rows = gradient.indices()[0];
    const torch::Tensor values = gradient.values();
    state_.index_add_(0, rows, values.pow(2).mean(1));
    const torch::Tensor scale = -learning_rate / (state_.index_select(0, rows).sqrt() + 1e-8);
    weight_.index_add_(0, rows, values * scale.unsqueeze(1));
  }

 private:
  torch::Tensor weight_;
  torch::Tensor state_;
};

}  // namespace reference
