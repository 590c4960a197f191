#include "planner/dense_memory.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shardwright {
namespace {

constexpr double kValueBytes = 4;
// What the first step touches of LibTorch's code and of its BLAS's work memory: measured, with
// LibTorch 1.13 and OpenBLAS 0.3.21.
constexpr Bytes kLibraryBytes{std::int64_t{12} << 20};

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

double bottom_outputs(const DenseSizes& sizes) {
  return sizes.num_dense > 0 ? sum(sizes.bottom_mlp) : 0;
}

// Of a sample: dense features and label, outputs of the bottom MLP's layers and their gradients,
// and that of the layer at hand before its ReLU.
double bottom_values(const DenseSizes& sizes) {
  const double given = static_cast<double>(sizes.num_dense) + 1;
  if (sizes.num_dense == 0 || sizes.bottom_mlp.empty()) return given;
  const auto widest = static_cast<double>(std::ranges::max(sizes.bottom_mlp));
  return given + 2 * bottom_outputs(sizes) + widest;
}

// Of a sample: the vectors side by side, of each cross layer both products and its sum, and the
// gradients that are there at once: of a sum, its product and the first factor.
double cross_values(const DenseSizes& sizes) {
  const auto vectors = static_cast<double>(vectors_width(sizes));
  const auto layers = static_cast<double>(sizes.cross_layers);
  return vectors + layers * (2 * vectors + static_cast<double>(sizes.cross_rank)) + 3 * vectors;
}

// Of a sample: what the top MLP reads, its gradient and the vectors' gradients.
double dot_values(const DenseSizes& sizes) {
  return static_cast<double>(2 * interaction_width(sizes) + vectors_width(sizes));
}

// The same where LibTorch computes it: the vectors side by side and what the top MLP reads;
// gradients of both operands of the products, their sum and those of the products.
double dot_values_on_gpu(const DenseSizes& sizes) {
  const auto vectors = static_cast<double>(vectors_width(sizes));
  const auto count = static_cast<double>(num_vectors(sizes));
  return vectors + static_cast<double>(interaction_width(sizes)) + 3 * vectors + count * count;
}

double values_on_cpu(const DenseSizes& sizes, std::int64_t samples) {
  const double at_once =
      sum(sizes.top_mlp) + (sizes.cross_layers > 0 ? cross_values(sizes) : dot_values(sizes));
  return static_cast<double>(samples) * bottom_values(sizes) +
         static_cast<double>(std::min(samples, kDenseSamplesAtOnce)) * at_once;
}

double values_on_gpu(const DenseSizes& sizes, std::int64_t samples) {
  const double values = static_cast<double>(sizes.num_dense) + bottom_outputs(sizes) +
                        sum(sizes.top_mlp) +
                        (sizes.cross_layers > 0 ? cross_values(sizes) : dot_values_on_gpu(sizes));
  return static_cast<double>(samples) * values;
}

}  // namespace

std::int64_t num_dense_parameters(const DenseSizes& sizes) {
  std::int64_t count = mlp_parameters(interaction_width(sizes), sizes.top_mlp);
  if (sizes.num_dense > 0) count += mlp_parameters(sizes.num_dense, sizes.bottom_mlp);
  const std::int64_t width = vectors_width(sizes);
  return count + sizes.cross_layers * (2 * width * sizes.cross_rank + width);
}

Bytes dense_bytes(const DenseSizes& sizes, std::int64_t samples, bool on_cpus) {
  const double of_parameters =
      (2 + states_of(sizes.optimizer)) * static_cast<double>(num_dense_parameters(sizes));
  const double of_samples = on_cpus ? values_on_cpu(sizes, samples) : values_on_gpu(sizes, samples);
  const Bytes values(
      static_cast<std::int64_t>(std::ceil(kValueBytes * (of_parameters + of_samples))));
  return on_cpus ? kLibraryBytes + values : values;
}

}  // namespace shardwright
