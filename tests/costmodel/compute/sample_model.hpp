#pragma once

#include "costmodel/compute/compute_model.hpp"

#include <cmath>

namespace shardwright::testing {

/// Weights between ±0.5 that look random and are the same everywhere.
inline DenseLayer sample_layer(std::size_t inputs, std::size_t outputs) {
  DenseLayer layer{inputs, {}, {}};
  for (std::size_t i = 0; i < inputs * outputs; ++i) {
    layer.weights.push_back(std::sin(1.7 * static_cast<double>(i + 1)) / 2);
  }
  for (std::size_t i = 0; i < outputs; ++i)
    layer.bias.push_back(std::cos(static_cast<double>(i)) / 4);
  return layer;
}

inline ComputeModel sample_compute_model() {
  ComputeModel model;
  model.name = "sample";
  model.mean.assign(kNumFeatures, 2.0);
  model.deviation.assign(kNumFeatures, 4.0);
  model.roofline.forward.assign(WorkTerms::kForward + 1, 1e-6);
  model.roofline.backward.assign(WorkTerms::kBackward + 1, 2e-6);
  model.encoder = {sample_layer(kNumFeatures, 8), sample_layer(8, 2 + kNumCodes)};
  model.head = {sample_layer(num_head_inputs(model), 8), sample_layer(8, 2)};
  model.training.rows = 100;
  model.training.data_fingerprint = "0";
  model.training.hardware = {"sample"};
  model.training.ranges["busy_ranks"] = {1, 2};
  model.error = {0.05, "on nothing"};
  model.rivals["roofline"] = model.roofline;
  return model;
}

}  // namespace shardwright::testing
