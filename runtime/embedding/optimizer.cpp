#include "runtime/embedding/optimizer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace shardwright {
namespace {

/// 1 − beta^step.
double bias_correction(float beta, std::int64_t step) {
  return 1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step));
}

/// What m is multiplied by, and what √v is divided by.
struct AdamScales {
  AdamScales(const OptimizerSettings& settings, const StepSize& step)
      : of_m(static_cast<float>(static_cast<double>(step.learning_rate) /
                                bias_correction(settings.beta1, step.step))),
        of_root_v(static_cast<float>(std::sqrt(bias_correction(settings.beta2, step.step)))) {}
  float of_m;
  float of_root_v;
};

}  // namespace

bool has_row_statistic(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::rowwise_adagrad || optimizer == OptimizerKind::rowwise_adam;
}

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
  for (std::size_t c = 0; c < w.size(); ++c) w[c] -= learning_rate * g[c];
}

void update_momentum(std::span<float> w, std::span<float> b, std::span<const float> g,
                     float learning_rate, float momentum) {
  for (std::size_t c = 0; c < w.size(); ++c) {
    b[c] = momentum * b[c] + g[c];
    w[c] -= learning_rate * b[c];
  }
}

void update_adagrad(std::span<float> w, std::span<float> s, std::span<const float> g,
                    float learning_rate, float eps) {
  for (std::size_t c = 0; c < w.size(); ++c) {
    s[c] += g[c] * g[c];
    w[c] -= learning_rate * g[c] / (std::sqrt(s[c]) + eps);
  }
}

void update_rowwise_adagrad(std::span<float> w, float& s, std::span<const float> g,
                            double square_sum, std::int64_t dim, float learning_rate, float eps) {
  s += static_cast<float>(square_sum / static_cast<double>(dim));
  const float divisor = std::sqrt(s) + eps;
  for (std::size_t c = 0; c < w.size(); ++c) w[c] -= learning_rate * g[c] / divisor;
}

void update_adam(std::span<float> w, std::span<float> s, std::span<const float> g,
                 const OptimizerSettings& settings, const StepSize& step) {
  const AdamScales scales(settings, step);
  const std::span<float> m = s.first(w.size());
  const std::span<float> v = s.last(w.size());
  for (std::size_t c = 0; c < w.size(); ++c) {
    m[c] = settings.beta1 * m[c] + (1.0F - settings.beta1) * g[c];
    v[c] = settings.beta2 * v[c] + (1.0F - settings.beta2) * (g[c] * g[c]);
    w[c] -= scales.of_m * (m[c] / (std::sqrt(v[c]) / scales.of_root_v + settings.eps));
  }
}

void update_rowwise_adam(std::span<float> w, std::span<float> s, std::span<const float> g,
                         double square_sum, std::int64_t dim, const OptimizerSettings& settings,
                         const StepSize& step) {
  const AdamScales scales(settings, step);
  const auto mean_square = static_cast<float>(square_sum / static_cast<double>(dim));
  const std::span<float> m = s.first(w.size());
  float& v = s.back();
  v = settings.beta2 * v + (1.0F - settings.beta2) * mean_square;
  const float divisor = std::sqrt(v) / scales.of_root_v + settings.eps;
  for (std::size_t c = 0; c < w.size(); ++c) {
    m[c] = settings.beta1 * m[c] + (1.0F - settings.beta1) * g[c];
    w[c] -= scales.of_m * (m[c] / divisor);
  }
}

void update_ftrl(std::span<float> w, std::span<float> s, std::span<const float> g,
                 const OptimizerSettings& settings, float learning_rate) {
  const std::span<float> z = s.first(w.size());
  const std::span<float> n = s.last(w.size());
  for (std::size_t c = 0; c < w.size(); ++c) {
    const float old_root = std::sqrt(n[c]);
    n[c] += g[c] * g[c];
    const float root = std::sqrt(n[c]);
    z[c] += g[c] - (root - old_root) / learning_rate * w[c];
    const float divisor = (settings.ftrl_beta + root) / learning_rate + 2.0F * settings.ftrl_l2;
    if (divisor == 0.0F) continue;
    w[c] = std::abs(z[c]) <= settings.ftrl_l1
               ? 0.0F
               : (std::copysign(settings.ftrl_l1, z[c]) - z[c]) / divisor;
  }
}

void adjust_gradient(std::span<const float> w, const OptimizerSettings& settings,
                     const StepSize& step, std::span<float> g) {
  if (step.gradient_scale != 1.0F) {
    for (float& value : g) value *= step.gradient_scale;
  }
  if (settings.weight_decay == 0.0F) return;
  for (std::size_t c = 0; c < g.size(); ++c) g[c] += settings.weight_decay * w[c];
}

double sum_of_squares(std::span<const float> g) {
  std::array<double, 4> sums = {};
  for (std::size_t c = 0; c + 4 <= g.size(); c += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      const auto value = static_cast<double>(g[c + lane]);
      sums[lane] += value * value;
    }
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace shardwright
