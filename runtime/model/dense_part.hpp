#pragma once

#include "runtime/model/bottom_pass.hpp"
#include "runtime/model/dense_model.hpp"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace shardwright {

/// What logits are made of.
struct DenseInput {
  at::Tensor dense;   ///< features, [samples][num_dense], or what the bottom layers made of them
  at::Tensor pooled;  ///< embeddings, [samples][pooled_columns()]
  /// Of each feature without pooling: its ids' vectors, [ids][dim], and where each sample's begin
  /// among them, 64-bit integers [samples + 1].
  std::vector<at::Tensor> vectors, offsets;
};

/// A dense part as LibTorch sees it: what is trained, and how logits come of it.
struct DensePart {
  std::vector<std::string> names;         ///< of the parameters
  std::vector<at::Tensor> parameters;     ///< floats, leaves that require gradients
  std::vector<BottomPass::Layer> bottom;  ///< that dense features pass first; none of a module
  std::function<at::Tensor(const DenseInput& input)> logits;  ///< [samples], of what comes after
  /// Most samples that logits are asked for at once, if no sample's depends on another's.
  std::int64_t samples_at_once = std::numeric_limits<std::int64_t>::max();
};

/// The DLRM or DCNv2 of the sizes, with the initial weights of the seed.
DensePart make_dense_part(const DlrmConfig& config, std::uint64_t seed, at::Device device);

/// The TorchScript module of config.torchscript. Throws InputError if the file is none, or if its
/// forward() is not as docs/train.md ("A dense part of your own") asks.
DensePart load_torchscript_part(const DlrmConfig& config, at::Device device);

}  // namespace shardwright
