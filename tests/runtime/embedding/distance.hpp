#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace shardwright::synthetic {

/// ‖found − expected‖ / ‖expected‖; 0 for two empty vectors, infinite for different sizes.
template <class Expected>
double relative_distance(const std::vector<float>& found, const std::vector<Expected>& expected) {
  if (found.size() != expected.size()) return HUGE_VAL;
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto value = static_cast<double>(expected[i]);
    difference += std::pow(static_cast<double>(found[i]) - value, 2);
    norm += value * value;
  }
  return difference == 0 ? 0 : std::sqrt(difference / norm);
}

}  // namespace shardwright::synthetic
