#pragma once

#include "runtime/device/update_kernel.cuh"

#include <cuda_runtime.h>

// The optimizers of optimizer.hpp for four columns of a row, with the same operations in the same
// order.

namespace shardwright {

/// State of four columns, and the divisor that a row statistic gives all of them.
struct RowState {
  float4 first = {0, 0, 0, 0};
  float4 second = {0, 0, 0, 0};
  float divisor = 1;
};

__device__ inline bool has_statistic(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::rowwise_adagrad || optimizer == OptimizerKind::rowwise_adam;
}

/// Takes Σ g² of a row into its state and returns what the row's gradients are divided by.
__device__ inline float advance_statistic(OptimizerKind optimizer, const UpdateStep& step,
                                          double squares, double per_column, float& state) {
  const auto mean = static_cast<float>(squares * per_column);
  const OptimizerSettings& settings = step.settings;
  if (optimizer == OptimizerKind::rowwise_adagrad) {
    state += mean;
    return sqrtf(state) + settings.eps;
  }
  state = settings.beta2 * state + (1.0F - settings.beta2) * mean;
  return sqrtf(state) / step.adam_of_root_v + settings.eps;
}

__device__ inline void ftrl(const UpdateStep& step, float g, float& w, float& z, float& n) {
  const OptimizerSettings& settings = step.settings;
  const float old_root = sqrtf(n);
  n += g * g;
  const float root = sqrtf(n);
  z += g - (root - old_root) / step.learning_rate * w;
  const float divisor = (settings.ftrl_beta + root) / step.learning_rate + 2.0F * settings.ftrl_l2;
  if (divisor == 0.0F) return;
  w = fabsf(z) <= settings.ftrl_l1 ? 0.0F : (copysignf(settings.ftrl_l1, z) - z) / divisor;
}

/// Calls change(g, w, first, second) for each of four columns.
template <class Change>
__device__ inline void for_columns(float4 g, float4& w, RowState& state, Change change) {
  change(g.x, w.x, state.first.x, state.second.x);
  change(g.y, w.y, state.first.y, state.second.y);
  change(g.z, w.z, state.first.z, state.second.z);
  change(g.w, w.w, state.first.w, state.second.w);
}

/// Optimizers by how many values of state a weight has (states_per_weight()), so that a kernel
/// keeps no registers for state that none of its tables has.
template <int kStates>
__device__ inline void apply(OptimizerKind optimizer, const UpdateStep& step, float4 g, float4& w,
                             RowState& state);

template <>
__device__ inline void apply<0>(OptimizerKind optimizer, const UpdateStep& step, float4 g,
                                float4& w, RowState& state) {
  const float rate = optimizer == OptimizerKind::rowwise_adagrad
                         ? step.learning_rate / state.divisor
                         : step.learning_rate;
  for_columns(g, w, state, [&](float gc, float& wc, float&, float&) { wc -= rate * gc; });
}

template <>
__device__ inline void apply<1>(OptimizerKind optimizer, const UpdateStep& step, float4 g,
                                float4& w, RowState& state) {
  const OptimizerSettings& settings = step.settings;
  switch (optimizer) {
    case OptimizerKind::sgd:
      return for_columns(g, w, state, [&](float gc, float& wc, float& b, float&) {
        b = settings.momentum * b + gc;
        wc -= step.learning_rate * b;
      });
    case OptimizerKind::adagrad:
      return for_columns(g, w, state, [&](float gc, float& wc, float& s, float&) {
        s += gc * gc;
        wc -= step.learning_rate * gc / (sqrtf(s) + settings.eps);
      });
    default:  // rowwise_adam
      return for_columns(g, w, state, [&](float gc, float& wc, float& m, float&) {
        m = settings.beta1 * m + (1.0F - settings.beta1) * gc;
        wc -= step.adam_of_m * (m / state.divisor);
      });
  }
}

template <>
__device__ inline void apply<2>(OptimizerKind optimizer, const UpdateStep& step, float4 g,
                                float4& w, RowState& state) {
  const OptimizerSettings& settings = step.settings;
  if (optimizer == OptimizerKind::ftrl) {
    return for_columns(g, w, state,
                       [&](float gc, float& wc, float& z, float& n) { ftrl(step, gc, wc, z, n); });
  }
  for_columns(g, w, state, [&](float gc, float& wc, float& m, float& v) {
    m = settings.beta1 * m + (1.0F - settings.beta1) * gc;
    v = settings.beta2 * v + (1.0F - settings.beta2) * (gc * gc);
    wc -= step.adam_of_m * (m / (sqrtf(v) / step.adam_of_root_v + settings.eps));
  });
}

/// adjust_gradient() of one column.
__device__ inline float adjusted(const UpdateStep& step, float g, float w) {
  if (step.gradient_scale != 1.0F) g *= step.gradient_scale;
  if (step.settings.weight_decay != 0.0F) g += step.settings.weight_decay * w;
  return g;
}

__device__ inline float4 adjusted(const UpdateStep& step, float4 g, float4 w) {
  if (!step.adjusts) return g;
  return {adjusted(step, g.x, w.x), adjusted(step, g.y, w.y), adjusted(step, g.z, w.z),
          adjusted(step, g.w, w.w)};
}

/// Σ of the squares of four columns.
__device__ inline double squares_of(float4 g) {
  const auto square = [](float value) { return double{value} * double{value}; };
  return (square(g.x) + square(g.y)) + (square(g.z) + square(g.w));
}

}  // namespace shardwright
