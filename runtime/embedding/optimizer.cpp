#include "runtime/embedding/optimizer.hpp"

#include "costmodel/row_statistics.hpp"
#include "runtime/embedding/simd/optimizer_loops.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace shardwright {
namespace {

/// 1 − beta^step.
double bias_correction(float beta, std::int64_t step) {
  return 1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step));
}

/// One column after the other.
struct Plain {};

}  // namespace

AdamScales::AdamScales(const OptimizerSettings& settings, const StepSize& step)
    : of_m(static_cast<float>(static_cast<double>(step.learning_rate) /
                              bias_correction(settings.beta1, step.step))),
      of_root_v(static_cast<float>(std::sqrt(bias_correction(settings.beta2, step.step)))) {}

bool has_row_statistic(OptimizerKind optimizer) { return divides_by_row_statistic(optimizer); }

bool moves_by_zero(OptimizerKind optimizer, const OptimizerSettings& settings) {
  const bool remembers = optimizer == OptimizerKind::adam ||
                         optimizer == OptimizerKind::rowwise_adam ||
                         optimizer == OptimizerKind::ftrl ||
                         (optimizer == OptimizerKind::sgd && settings.momentum != 0);
  return remembers || settings.weight_decay != 0;
}

std::int64_t state_width(OptimizerKind optimizer, const OptimizerSettings& settings,
                         std::int64_t columns) {
  switch (optimizer) {
    case OptimizerKind::sgd:
      return settings.momentum == 0 ? 0 : columns;
    case OptimizerKind::adagrad:
      return columns;
    case OptimizerKind::rowwise_adagrad:
      return 1;
    case OptimizerKind::rowwise_adam:
      return columns + 1;
    case OptimizerKind::adam:
    case OptimizerKind::ftrl:
      return 2 * columns;
  }
  return 0;
}

void fill_initial_state(OptimizerKind optimizer, const OptimizerSettings& settings,
                        std::span<float> state) {
  const bool is_ftrl = optimizer == OptimizerKind::ftrl;
  const bool accumulates =
      is_ftrl || optimizer == OptimizerKind::adagrad || optimizer == OptimizerKind::rowwise_adagrad;
  if (!accumulates) return;
  const std::span<float> sums = is_ftrl ? state.last(state.size() / 2) : state;
  std::fill(sums.begin(), sums.end(), settings.initial_accumulator);
}

void update_sgd(std::span<float> w, std::span<const float> g, float learning_rate) {
  simd::sgd<Plain>(w.data(), g.data(), w.size(), learning_rate);
}

void update_momentum(std::span<float> w, std::span<float> b, std::span<const float> g,
                     float learning_rate, float momentum) {
  simd::momentum<Plain>(w.data(), b.data(), g.data(), w.size(), learning_rate, momentum);
}

void update_adagrad(std::span<float> w, std::span<float> s, std::span<const float> g,
                    float learning_rate, float eps) {
  simd::adagrad<Plain>(w.data(), s.data(), g.data(), w.size(), learning_rate, eps);
}

void update_rowwise_adagrad(std::span<float> w, float& s, std::span<const float> g,
                            double square_sum, std::int64_t dim, float learning_rate, float eps) {
  simd::rowwise_adagrad<Plain>(w.data(), s, g.data(), w.size(),
                               simd::mean_square<Plain>(square_sum, dim), learning_rate, eps);
}

void update_adam(std::span<float> w, std::span<float> s, std::span<const float> g,
                 const OptimizerSettings& settings, const StepSize& step) {
  simd::adam<Plain>(w.data(), s.data(), s.data() + w.size(), g.data(), w.size(), settings,
                    AdamScales(settings, step));
}

void update_rowwise_adam(std::span<float> w, std::span<float> s, std::span<const float> g,
                         double square_sum, std::int64_t dim, const OptimizerSettings& settings,
                         const StepSize& step) {
  simd::rowwise_adam<Plain>(w.data(), s.data(), s.back(), g.data(), w.size(),
                            simd::mean_square<Plain>(square_sum, dim), settings,
                            AdamScales(settings, step));
}

void update_ftrl(std::span<float> w, std::span<float> s, std::span<const float> g,
                 const OptimizerSettings& settings, float learning_rate) {
  simd::ftrl<Plain>(w.data(), s.data(), s.data() + w.size(), g.data(), w.size(), settings,
                    learning_rate);
}

void adjust_gradient(std::span<const float> w, const OptimizerSettings& settings,
                     const StepSize& step, std::span<float> g) {
  simd::adjust_gradient<Plain>(w.data(), settings, step, g.data(), g.size());
}

double sum_of_squares(std::span<const float> g) {
  return simd::sum_of_squares<Plain>(g.data(), g.size());
}

}  // namespace shardwright
