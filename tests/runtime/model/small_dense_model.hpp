#pragma once

#include "runtime/model/dense_model.hpp"

#include <cstdint>
#include <random>
#include <vector>

namespace shardwright {

constexpr DlrmConfig small_model() {
  return {.num_dense = 2,
          .num_features = 3,
          .embedding_dim = 4,
          .bottom_mlp = {3, 4},
          .top_mlp = {5, 1},
          .torchscript = {}};
}

/// With two cross layers.
inline DlrmConfig small_dcnv2() {
  DlrmConfig config = small_model();
  config.cross_layers = 2;
  config.cross_rank = 3;
  return config;
}

/// Random samples for a model.
struct Samples {
  std::vector<float> dense;
  std::vector<float> pooled;
  std::vector<float> labels;

  Samples(const DlrmConfig& config, std::int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> value(-1.0F, 1.0F);
    const auto fill = [&](std::vector<float>& values, std::int64_t size) {
      values.resize(static_cast<std::size_t>(size));
      for (float& v : values) v = value(random);
    };
    fill(dense, count * config.num_dense);
    fill(pooled, count * config.num_features * config.embedding_dim);
    fill(labels, count);
    for (float& label : labels) label = label > 0 ? 1.0F : 0.0F;
  }
};

inline double loss_of(DenseModel& model, const Samples& samples, const std::vector<float>& pooled) {
  std::vector<float> ignored(pooled.size());
  return model.forward_backward(samples.dense, pooled, samples.labels, 1, ignored);
}

}  // namespace shardwright
