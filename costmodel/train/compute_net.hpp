#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/compute/compute_model.hpp"

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace shardwright {

/// Examples as tensors (64-bit): their tables one after another.
struct ComputeBatch {
  ComputeBatch(const ComputeModel& model, const ComputeExamples& examples);
  /// The examples with these indices.
  ComputeBatch select(const torch::Tensor& examples) const;

  torch::Tensor features;                         ///< [table][feature], normalised
  torch::Tensor base_ms;                          ///< [table][2], by the roofline
  torch::Tensor call_ms;                          ///< [example][2], of a call of the operator
  torch::Tensor speeds;                           ///< [example][probe], relative
  torch::Tensor touched;                          ///< [table]
  torch::Tensor output;                           ///< [example][2], the head's last inputs
  torch::Tensor example;                          ///< [table], which example it is of
  torch::Tensor busy;                             ///< [example], log2
  torch::Tensor log_ms;                           ///< [example][2], measured
  std::vector<std::vector<std::int64_t>> tables;  ///< of each example

 private:
  ComputeBatch() = default;
};

/// The nets of a ComputeModel as tensors.
class ComputeNet {
 public:
  /// With the weights of `model`.
  explicit ComputeNet(const ComputeModel& model);
  std::vector<torch::Tensor> parameters() const;
  /// [example][2] ln ms forward and backward; neuroshard: [example][1], ms of both together.
  torch::Tensor forward(const ComputeBatch& batch) const;
  /// `model` with these weights.
  ComputeModel store(ComputeModel model) const;

 private:
  struct Layer {
    torch::Tensor weights;
    torch::Tensor bias;
  };
  static std::vector<Layer> load(const std::vector<DenseLayer>& layers);
  static torch::Tensor run(const std::vector<Layer>& layers, torch::Tensor x, bool relu_at_end);
  torch::Tensor residual(const ComputeBatch& batch) const;

  ComputeArchitecture architecture_;
  std::vector<Layer> encoder_;
  std::vector<Layer> head_;
};

/// Layers of these sizes with random weights: uniform in ±1/√inputs, LibTorch's default.
std::vector<DenseLayer> random_layers(const std::vector<std::size_t>& sizes);

}  // namespace shardwright
