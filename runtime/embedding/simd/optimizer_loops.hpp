#pragma once

#include "runtime/embedding/optimizer.hpp"
#include "runtime/embedding/simd/vectors.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>

// The optimizers' arithmetic on one row, written once: every instruction set compiles it for itself
// (vectors.hpp), optimizer.cpp the plain one. Pointers are to n values and do not overlap.

namespace shardwright::simd {

template <class Isa>
inline void sgd(float* __restrict w, const float* __restrict g, std::size_t n, float lr) {
  for (std::size_t c = 0; c < n; ++c) w[c] -= lr * g[c];
}

template <class Isa>
inline void momentum(float* __restrict w, float* __restrict b, const float* __restrict g,
                     std::size_t n, float lr, float momentum) {
  for (std::size_t c = 0; c < n; ++c) {
    b[c] = momentum * b[c] + g[c];
    w[c] -= lr * b[c];
  }
}

template <class Isa>
inline void adagrad(float* __restrict w, float* __restrict s, const float* __restrict g,
                    std::size_t n, float lr, float eps) {
  for (std::size_t c = 0; c < n; ++c) {
    s[c] += g[c] * g[c];
    w[c] -= lr * g[c] / (std::sqrt(s[c]) + eps);
  }
}

template <class Isa>
inline void rowwise_adagrad(float* __restrict w, float& s, const float* __restrict g, std::size_t n,
                            float mean_square, float lr, float eps) {
  s += mean_square;
  const float rate = lr / (std::sqrt(s) + eps);  // one division: that of vectors is slow
  for (std::size_t c = 0; c < n; ++c) w[c] -= rate * g[c];
}

template <class Isa>
inline void adam(float* __restrict w, float* __restrict m, float* __restrict v,
                 const float* __restrict g, std::size_t n, const OptimizerSettings& settings,
                 const AdamScales& scales) {
  const float beta1 = settings.beta1;
  const float beta2 = settings.beta2;
  const float eps = settings.eps;
  for (std::size_t c = 0; c < n; ++c) {
    m[c] = beta1 * m[c] + (1.0F - beta1) * g[c];
    v[c] = beta2 * v[c] + (1.0F - beta2) * (g[c] * g[c]);
    w[c] -= scales.of_m * (m[c] / (std::sqrt(v[c]) / scales.of_root_v + eps));
  }
}

template <class Isa>
inline void rowwise_adam(float* __restrict w, float* __restrict m, float& v,
                         const float* __restrict g, std::size_t n, float mean_square,
                         const OptimizerSettings& settings, const AdamScales& scales) {
  const float beta1 = settings.beta1;
  const float beta2 = settings.beta2;
  const float eps = settings.eps;
  v = beta2 * v + (1.0F - beta2) * mean_square;
  const float divisor = std::sqrt(v) / scales.of_root_v + eps;
  for (std::size_t c = 0; c < n; ++c) {
    m[c] = beta1 * m[c] + (1.0F - beta1) * g[c];
    w[c] -= scales.of_m * (m[c] / divisor);
  }
}

template <class Isa>
inline void ftrl(float* __restrict w, float* __restrict z, float* __restrict sums,
                 const float* __restrict g, std::size_t n, const OptimizerSettings& settings,
                 float lr) {
  const float l1 = settings.ftrl_l1;
  const float l2 = settings.ftrl_l2;
  const float beta = settings.ftrl_beta;
  for (std::size_t c = 0; c < n; ++c) {
    const float old_root = std::sqrt(sums[c]);
    sums[c] += g[c] * g[c];
    const float root = std::sqrt(sums[c]);
    z[c] += g[c] - (root - old_root) / lr * w[c];
    const float divisor = (beta + root) / lr + 2.0F * l2;
    const float moved = (std::copysign(l1, z[c]) - z[c]) / divisor;
    const float kept = std::abs(z[c]) <= l1 ? 0.0F : moved;
    w[c] = divisor == 0.0F ? w[c] : kept;
  }
}

template <class Isa>
inline void adjust_gradient(const float* __restrict w, const OptimizerSettings& settings,
                            const StepSize& step, float* __restrict g, std::size_t n) {
  if (step.gradient_scale != 1.0F) {
    for (std::size_t c = 0; c < n; ++c) g[c] *= step.gradient_scale;
  }
  if (settings.weight_decay == 0.0F) return;
  for (std::size_t c = 0; c < n; ++c) g[c] += settings.weight_decay * w[c];
}

template <class Isa>
inline double sum_of_squares(const float* g, std::size_t n) {
  using Doubles = Vector<double, 4>;
  Doubles sums = {};
  for (std::size_t c = 0; c + 4 <= n; c += 4) {
    const auto value = __builtin_convertvector((load<Vector<float, 4>>(g + c)), Doubles);
    sums += value * value;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// sum_of_squares() of four rows that follow each other: a sum waits for its last term, so four
/// sums take little longer than one.
template <class Isa>
inline void four_sums_of_squares(const float* rows, std::size_t n, double* result) {
  using Doubles = Vector<double, 4>;
  Doubles sums[4] = {};
  for (std::size_t c = 0; c + 4 <= n; c += 4) {
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r) {
      const auto floats = load<Vector<float, 4>>(rows + r * n + c);
      const auto value = __builtin_convertvector(floats, Doubles);
      sums[r] += value * value;
    }
  }
  for (std::size_t r = 0; r < 4; ++r) {
    result[r] = (sums[r][0] + sums[r][1]) + (sums[r][2] + sums[r][3]);
  }
}

/// What the row statistic grows by.
template <class Isa>
inline float mean_square(double square_sum, std::int64_t dim) {
  return static_cast<float>(square_sum / static_cast<double>(dim));
}

}  // namespace shardwright::simd
