#pragma once

#include <cstddef>

namespace shardwright {

/// The vectors of some samples, of which a DLRM takes dot products: of each sample the bottom MLP's
/// output, if there is one, and its embeddings.
struct InteractionView {
  const float* bottom = nullptr;  ///< [samples][dim], or null
  const float* pooled = nullptr;  ///< [samples][features][dim]
  std::size_t samples = 0;
  std::size_t features = 0;
  std::size_t dim = 0;

  std::size_t vectors() const { return features + (bottom != nullptr ? 1 : 0); }
  std::size_t pairs() const { return vectors() * (vectors() - 1) / 2; }
  /// Values that the interaction makes of a sample.
  std::size_t width() const { return (bottom != nullptr ? dim : 0) + pairs(); }
  const float* vector(std::size_t sample, std::size_t i) const {
    if (bottom == nullptr) return pooled + (sample * features + i) * dim;
    return i == 0 ? bottom + sample * dim : pooled + (sample * features + i - 1) * dim;
  }
};

/// Where the gradients of the vectors go, which lie as the vectors do.
struct InteractionGradients {
  float* bottom = nullptr;
  float* pooled = nullptr;
};

/// Row `sample` of out, width() wide: the bottom MLP's output, then the dot products of the pairs
/// (1,0), (2,0), (2,1), (3,0) …, each summed from the first column to the last.
void dot_interaction(const InteractionView& view, float* out);

/// `gradient` is that of dot_interaction()'s out. A vector's gradient sums over the vectors in
/// their order, itself with the factor zero; the bottom MLP's then takes what goes past the
/// products.
void dot_interaction_gradients(const InteractionView& view, const float* gradient,
                               const InteractionGradients& to);

}  // namespace shardwright
