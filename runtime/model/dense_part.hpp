#pragma once

#include "runtime/model/dense_model.hpp"

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace shardwright {

/// A dense part as LibTorch sees it: what is trained, and how logits come of it.
struct DensePart {
  std::vector<std::string> names;      ///< of the parameters
  std::vector<at::Tensor> parameters;  ///< floats, leaves that require gradients
  /// [samples] logits of dense features [samples][num_dense] and pooled embeddings
  /// [samples][pooled_columns()].
  std::function<at::Tensor(const at::Tensor& dense, const at::Tensor& pooled)> logits;
};

/// The DLRM or DCNv2 of the sizes, with the initial weights of the seed.
DensePart make_dense_part(const DlrmConfig& config, std::uint64_t seed, at::Device device);

/// The TorchScript module of config.torchscript. Throws InputError if the file is none, or if its
/// forward(dense, pooled) is not as docs/train.md ("A dense part of your own") asks.
DensePart load_torchscript_part(const DlrmConfig& config, at::Device device);

}  // namespace shardwright
