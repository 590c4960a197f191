#pragma once

#include "settings.hpp"

#include <torch/nn.h>

#include <cmath>
#include <cstdint>

namespace reference {

/// Optimizers that touch only the rows of an embedding table that have a gradient; torch::optim has
/// none such.
class RowOptimizer {
 public:
  RowOptimizer(torch::Tensor weight, Optimizer kind, const OptimizerSettings& settings)
      : weight_(std::move(weight)),
        kind_(kind),
        settings_(settings),
        first_(torch::zeros_like(weight_)),
        second_(torch::full_like(weight_, settings.initial_accumulator)) {
    if (kind == Optimizer::adam || kind == Optimizer::rowwise_adam) second_.zero_();
  }

  /// Applies the table's sparse gradient. `weight` is [rows, dim].
  void step(double learning_rate) {
    const torch::NoGradGuard no_grad;
    ++steps_;
    const torch::Tensor gradient = weight_.grad().coalesce();
    const torch::Tensor rows = gradient.indices()[0];
    const torch::Tensor weights = weight_.index_select(0, rows);
    const torch::Tensor g = gradient.values() + settings_.weight_decay * weights;
    weight_.index_copy_(0, rows,
                        kind_ == Optimizer::ftrl ? followed_leader(rows, g, weights, learning_rate)
                                                 : weights - learning_rate * direction(rows, g));
  }

 private:
  torch::Tensor direction(const torch::Tensor& rows, const torch::Tensor& g) {
    if (kind_ == Optimizer::sgd) return remembered(first_, rows, settings_.momentum, 1, g);
    const bool row_wise = kind_ == Optimizer::rowwise_adagrad || kind_ == Optimizer::rowwise_adam;
    torch::Tensor squares = g.pow(2);
    if (row_wise) squares = squares.mean(1, true).expand_as(g);
    if (kind_ == Optimizer::adagrad || kind_ == Optimizer::rowwise_adagrad) {
      return g / (remembered(second_, rows, 1, 1, squares).sqrt() + settings_.eps);
    }
    const double beta1 = settings_.beta1;
    const double beta2 = settings_.beta2;
    const torch::Tensor m = remembered(first_, rows, beta1, 1 - beta1, g);
    const torch::Tensor v = remembered(second_, rows, beta2, 1 - beta2, squares);
    const torch::Tensor unbiased_m = m / (1 - std::pow(beta1, steps_));
    return unbiased_m / ((v / (1 - std::pow(beta2, steps_))).sqrt() + settings_.eps);
  }

  /// The minimum over w of z·w + l1·|w| + (l2 + (β + √n) / (2·lr))·w², z and n the rows' state:
  /// what FTRL-Proximal takes as the new weights. As they were where nothing bends that function.
  torch::Tensor followed_leader(const torch::Tensor& rows, const torch::Tensor& g,
                                const torch::Tensor& weights, double learning_rate) {
    const torch::Tensor before = second_.index_select(0, rows).sqrt();
    const torch::Tensor root = remembered(second_, rows, 1, 1, g.pow(2)).sqrt();
    const torch::Tensor kept = (root - before) * weights / learning_rate;
    const torch::Tensor z = remembered(first_, rows, 1, 1, g - kept);
    const torch::Tensor bend = (settings_.ftrl_beta + root) / learning_rate + 2 * settings_.ftrl_l2;
    const torch::Tensor pull = torch::relu(z.abs() - settings_.ftrl_l1) * z.sign();
    return torch::where(bend > 0, -pull / bend, weights);
  }

  /// state = keep·state + take·value on the rows; returns these.
  static torch::Tensor remembered(torch::Tensor& state, const torch::Tensor& rows, double keep,
                                  double take, const torch::Tensor& value) {
    const torch::Tensor now = keep * state.index_select(0, rows) + take * value;
    state.index_copy_(0, rows, now);
    return now;
  }

  torch::Tensor weight_;
  Optimizer kind_;
  OptimizerSettings settings_;
  torch::Tensor first_;   ///< momentum, Adam's m, or FTRL's z
  torch::Tensor second_;  ///< sums or means of squares
  std::int64_t steps_ = 0;
};

}  // namespace reference
