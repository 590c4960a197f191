#include "planner/dense_memory.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shardwright {
namespace {

constexpr double kValueBytes = 4;

double sum(const std::vector<std::int64_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), 0.0);
}

std::int64_t num_vectors(const DenseSizes& sizes) {
  return sizes.num_features + (sizes.num_dense > 0 ? 1 : 0);
}

// All vectors of a sample side by side.
std::int64_t vectors_width(const DenseSizes& sizes) {
  return num_vectors(sizes) * sizes.embedding_dim;
}

std::int64_t interaction_width(const DenseSizes& sizes) {
  if (sizes.cross_layers > 0) return vectors_width(sizes);
  const std::int64_t vectors = num_vectors(sizes);
  return (sizes.num_dense > 0 ? sizes.embedding_dim : 0) + vectors * (vectors - 1) / 2;
}

std::int64_t mlp_parameters(std::int64_t in, const std::vector<std::int64_t>& widths) {
  std::int64_t count = 0;
  for (const std::int64_t out : widths) {
    count += (in + 1) * out;
    in = out;
  }
  return count;
}

double states_of(OptimizerKind optimizer) {
  if (optimizer == OptimizerKind::sgd) return 0;
  return optimizer == OptimizerKind::adam ? 2 : 1;
}

// Values of one sample that wait for the backward pass: layers' outputs, vectors side by side, of a
// cross layer both products and its sum.
double kept_values(const DenseSizes& sizes) {
  const auto vectors = static_cast<double>(vectors_width(sizes));
  double values = static_cast<double>(sizes.num_dense) + vectors + sum(sizes.top_mlp);
  if (sizes.num_dense > 0) values += sum(sizes.bottom_mlp);
  if (sizes.cross_layers == 0) return values + static_cast<double>(interaction_width(sizes));
  const auto rank = static_cast<double>(sizes.cross_rank);
  return values + static_cast<double>(sizes.cross_layers) * (2 * vectors + rank);
}

// Gradients of one sample that are there at once where the vectors meet: of both operands of the
// dot products, their sum and those of the products; or of a cross layer's sum, its product and the
// first factor.
double gradient_values(const DenseSizes& sizes) {
  const auto vectors = static_cast<double>(vectors_width(sizes));
  if (sizes.cross_layers > 0) return 3 * vectors;
  const auto count = static_cast<double>(num_vectors(sizes));
  return 3 * vectors + count * count;
}

}  // namespace

std::int64_t num_dense_parameters(const DenseSizes& sizes) {
  std::int64_t count = mlp_parameters(interaction_width(sizes), sizes.top_mlp);
  if (sizes.num_dense > 0) count += mlp_parameters(sizes.num_dense, sizes.bottom_mlp);
  const std::int64_t width = vectors_width(sizes);
  return count + sizes.cross_layers * (2 * width * sizes.cross_rank + width);
}

Bytes dense_bytes(const DenseSizes& sizes, std::int64_t samples) {
  const double of_parameters =
      (2 + states_of(sizes.optimizer)) * static_cast<double>(num_dense_parameters(sizes));
  const double of_samples =
      static_cast<double>(samples) * (kept_values(sizes) + gradient_values(sizes));
  return Bytes(static_cast<std::int64_t>(std::ceil(kValueBytes * (of_parameters + of_samples))));
}

}  // namespace shardwright
