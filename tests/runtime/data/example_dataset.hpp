#pragma once

#include "runtime/data/dataset_writer.hpp"

#include <string>

namespace shardwright {

/// Sample n of the example: label n mod 2, dense {n, n / 2}, bag of feature 0 with n mod 3 ids from
/// 10 · n, bag of feature 1 with one id −n of weight n + 0.5.
inline Sample example_sample(std::int64_t n) {
  Sample sample;
  sample.label = static_cast<float>(n % 2);
  sample.dense = {static_cast<float>(n), static_cast<float>(n) / 2};
  sample.ids.resize(2);
  for (std::int64_t i = 0; i < n % 3; ++i) sample.ids[0].push_back(10 * n + i);
  sample.ids[1] = {-n};
  sample.weights = {{}, {static_cast<float>(n) + 0.5F}};
  return sample;
}

inline void write_example(const std::string& folder, std::int64_t samples) {
  DatasetWriter writer(folder, {"age", "half"}, {{"a", "table_a", false}, {"b", "table_b", true}});
  for (std::int64_t n = 0; n < samples; ++n) writer.add(example_sample(n));
  writer.finish();
}

}  // namespace shardwright
