#pragma once

#include "costmodel/bytes.hpp"
#include "costmodel/table.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Sizes of the DLRM or, with cross layers, DCNv2 that every rank trains around its tables:
/// docs/train.md, "The model".
struct DenseSizes {
  std::int64_t num_dense = 0;     ///< dense features of a sample; 0: no bottom MLP
  std::int64_t num_features = 0;  ///< of all tables
  std::int64_t embedding_dim = 0;
  std::vector<std::int64_t> bottom_mlp;
  std::vector<std::int64_t> top_mlp;
  std::int64_t cross_layers = 0;
  std::int64_t cross_rank = 0;
  OptimizerKind optimizer = OptimizerKind::adagrad;  ///< sgd, adagrad or adam
};

/// Weights and biases.
std::int64_t num_dense_parameters(const DenseSizes& sizes);

/// Samples that pass through what follows the bottom MLP at once on a CPU, forward and backward,
/// before the next ones do.
inline constexpr std::int64_t kDenseSamplesAtOnce = 256;

/// What a rank needs for it in a step of `samples` of its own, all fp32: weights, gradients and
/// optimizer state; what the forward pass keeps of each sample for the backward pass; and the
/// gradients that this has at once. On CPUs, those of no more than kDenseSamplesAtOnce for what
/// follows the bottom MLP, and what LibTorch itself takes.
Bytes dense_bytes(const DenseSizes& sizes, std::int64_t samples, bool on_cpus);

}  // namespace shardwright
