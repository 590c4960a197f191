#pragma once

#include <map>
#include <string>
#include <vector>

namespace reference {

/// All weights of a model that a sharded run saved (FOLDER/index.json and the safetensors files it
/// lists), tables put together from their shards: by name, row-major. Throws std::runtime_error.
std::map<std::string, std::vector<float>> read_saved_weights(const std::string& folder);

struct WeightDifference {
  double relative = 0;  ///< ‖saved − expected‖ / ‖expected‖
  std::string tensor;   ///< where it is largest
};

/// The largest relative difference over tensors; throws std::runtime_error if the two do not hold
/// the same tensors.
WeightDifference largest_weight_difference(
    const std::map<std::string, std::vector<float>>& saved,
    const std::map<std::string, std::vector<float>>& expected);

}  // namespace reference
