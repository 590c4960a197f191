#include "runtime/model/interaction/dot_interaction.hpp"

#include <algorithm>

namespace shardwright {
namespace {

float dot(const float* a, const float* b, std::size_t dim) {
  float sum = 0;
  for (std::size_t c = 0; c < dim; ++c) sum += a[c] * b[c];
  return sum;
}

/// Of the pair's dot product, among all of a sample.
float pair_gradient(const float* gradients, std::size_t i, std::size_t j) {
  if (i == j) return 0;
  const std::size_t low = std::min(i, j);
  const std::size_t high = std::max(i, j);
  return gradients[high * (high - 1) / 2 + low];
}

}  // namespace

void dot_interaction(const InteractionView& view, float* out) {
  for (std::size_t n = 0; n < view.samples; ++n) {
    if (view.bottom != nullptr) out = std::copy_n(view.vector(n, 0), view.dim, out);
    for (std::size_t i = 1; i < view.vectors(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        *out++ = dot(view.vector(n, i), view.vector(n, j), view.dim);
      }
    }
  }
}

void dot_interaction_gradients(const InteractionView& view, const float* gradient,
                               const InteractionGradients& to) {
  InteractionGradients next = to;
  for (std::size_t n = 0; n < view.samples; ++n, gradient += view.width()) {
    const float* const of_pairs = gradient + (view.width() - view.pairs());
    for (std::size_t i = 0; i < view.vectors(); ++i) {
      const bool is_bottom = view.bottom != nullptr && i == 0;
      float*& out = is_bottom ? next.bottom : next.pooled;
      for (std::size_t c = 0; c < view.dim; ++c) {
        float sum = 0;
        for (std::size_t j = 0; j < view.vectors(); ++j) {
          sum += pair_gradient(of_pairs, i, j) * view.vector(n, j)[c];
        }
        *out++ = is_bottom ? sum + gradient[c] : sum;
      }
    }
  }
}

}  // namespace shardwright
