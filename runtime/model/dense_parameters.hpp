#pragma once

#include "runtime/model/dense_model.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// One weight matrix [out, in] or bias [out] of the dense part, before training.
struct DenseParameterSpec {
  /// `bottom.0.weight`, `bottom.0.bias`, …, of a DCNv2 `cross.0.v`, `cross.0.w`, `cross.0.bias`, …,
  /// `top.0.weight` …
  std::string name;
  std::vector<std::int64_t> shape;
  float scale = 0;  ///< initial values are uniform in ±scale
  std::int64_t size() const;
};

/// Width of the top MLP's input: bottom output (if any) and one dot product per pair; with cross
/// layers, bottom output (if any) and all embeddings.
std::int64_t interaction_width(const DlrmConfig& config);

/// All parameters, bottom first, then cross layers, each layer's weights before its bias. Throws
/// InputError if the widths do not fit together (docs/training_math.md).
std::vector<DenseParameterSpec> dense_parameters(const DlrmConfig& config);

/// Initial values of one parameter, in row-major order: depend on (seed, name, index) alone.
std::vector<float> initial_values(const DenseParameterSpec& parameter, std::uint64_t seed);

}  // namespace shardwright
