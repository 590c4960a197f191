#include "runtime/model/dense_steps.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>

#include <cmath>
#include <stdexcept>

namespace shardwright {
namespace {

DenseState state_of(const std::vector<at::Tensor>& parameters, const std::string& suffix,
                    double initial) {
  DenseState state{suffix, {}};
  for (const at::Tensor& parameter : parameters) {
    state.values.push_back(at::full_like(parameter, initial, at::requires_grad(false)));
  }
  return state;
}

void step_sgd(const DenseOptimizer& optimizer, double learning_rate, at::Tensor& parameter,
              const at::Tensor& gradient, at::Tensor* momentum) {
  if (momentum == nullptr) {
    parameter.add_(gradient, -learning_rate);
    return;
  }
  momentum->mul_(optimizer.momentum).add_(gradient);
  parameter.add_(*momentum, -learning_rate);
}

void step_adagrad(const DenseOptimizer& optimizer, double learning_rate, at::Tensor& parameter,
                  const at::Tensor& gradient, at::Tensor& square_sum) {
  square_sum.addcmul_(gradient, gradient);
  parameter.addcdiv_(gradient, square_sum.sqrt().add_(optimizer.eps), -learning_rate);
}

void step_adam(const DenseOptimizer& optimizer, double learning_rate, std::int64_t step,
               at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& m, at::Tensor& v) {
  const auto t = static_cast<double>(step);
  const double correction1 = 1.0 - std::pow(optimizer.beta1, t);
  const double correction2 = 1.0 - std::pow(optimizer.beta2, t);
  m.mul_(optimizer.beta1).add_(gradient, 1.0 - optimizer.beta1);
  v.mul_(optimizer.beta2).addcmul_(gradient, gradient, 1.0 - optimizer.beta2);
  const at::Tensor divisor = v.sqrt().div_(std::sqrt(correction2)).add_(optimizer.eps);
  parameter.addcdiv_(m, divisor, -learning_rate / correction1);
}

}  // namespace

std::vector<DenseState> initial_dense_state(const DenseOptimizer& optimizer,
                                            const std::vector<at::Tensor>& parameters) {
  switch (optimizer.kind) {
    case OptimizerKind::sgd:
      if (optimizer.momentum == 0) return {};
      return {state_of(parameters, "/momentum/state", 0)};
    case OptimizerKind::adagrad:
      return {state_of(parameters, "/state", optimizer.initial_accumulator)};
    case OptimizerKind::adam:
      return {state_of(parameters, "/m/state", 0), state_of(parameters, "/v/state", 0)};
    default:
      throw std::logic_error("The dense part is trained with sgd, adagrad or adam.");
  }
}

void take_dense_step(const DenseOptimizer& optimizer, double learning_rate, std::int64_t step,
                     std::size_t i, std::vector<at::Tensor>& parameters,
                     std::vector<DenseState>& state) {
  const at::NoGradGuard no_grad;
  at::Tensor& parameter = parameters[i];
  at::Tensor gradient = parameter.grad();
  if (optimizer.weight_decay != 0) gradient = gradient.add(parameter, optimizer.weight_decay);
  switch (optimizer.kind) {
    case OptimizerKind::sgd:
      return step_sgd(optimizer, learning_rate, parameter, gradient,
                      state.empty() ? nullptr : &state[0].values[i]);
    case OptimizerKind::adagrad:
      return step_adagrad(optimizer, learning_rate, parameter, gradient, state[0].values[i]);
    default:
      return step_adam(optimizer, learning_rate, step, parameter, gradient, state[0].values[i],
                       state[1].values[i]);
  }
}

}  // namespace shardwright
