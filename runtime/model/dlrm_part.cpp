#include "planner/dense_memory.hpp"
#include "runtime/model/dense_parameters.hpp"
#include "runtime/model/dense_part.hpp"
#include "runtime/model/interaction/differentiable_interaction.hpp"

#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>

#include <memory>

namespace shardwright {
namespace {

struct Layer {
  at::Tensor weight;
  at::Tensor bias;
};

/// x0 ⊙ (W·V·x + b) + x
struct CrossLayer {
  at::Tensor v;
  at::Tensor w;
  at::Tensor bias;
};

struct Layers {
  DlrmConfig config;
  std::vector<Layer> bottom;
  std::vector<CrossLayer> cross;
  std::vector<Layer> top;
  at::Tensor pairs;  ///< flat positions of the dot products that are taken, of a DLRM
};

at::Tensor trainable(const DenseParameterSpec& spec, std::uint64_t seed, at::Device device) {
  std::vector<float> initial = initial_values(spec, seed);
  at::Tensor parameter = at::from_blob(initial.data(), spec.shape, at::kFloat)
                             .to(device, at::kFloat, false, /*copy=*/true);
  parameter.set_requires_grad(true);
  return parameter;
}

/// Flat positions of the pairs (1,0), (2,0), (2,1), (3,0) … in an n × n matrix.
at::Tensor lower_triangle(std::int64_t n) {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 1; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) positions.push_back(i * n + j);
  }
  return at::tensor(positions, at::kLong);
}

std::vector<BottomPass::Layer> bottom_layers(const std::vector<Layer>& bottom) {
  std::vector<BottomPass::Layer> layers;
  for (const Layer& layer : bottom) {
    layers.emplace_back([layer](const at::Tensor& input) {
      at::Tensor output = at::linear(input, layer.weight, layer.bias);
      return at::relu_(output);
    });
  }
  return layers;
}

/// The bottom MLP's output and the dot products of all pairs of vectors.
at::Tensor dot_interaction(const Layers& layers, const at::Tensor& bottom,
                           const at::Tensor& pooled) {
  const DlrmConfig& config = layers.config;
  if (pooled.is_cpu()) return differentiable_interaction(bottom, pooled, config.embedding_dim);
  const at::Tensor embeddings = pooled.view({-1, config.num_features, config.embedding_dim});
  std::vector<at::Tensor> result;
  at::Tensor vectors = embeddings;  // [samples][vectors][embedding_dim]
  if (config.num_dense > 0) {
    result.push_back(bottom);
    vectors = at::cat({bottom.unsqueeze(1), embeddings}, 1);
  }
  const at::Tensor dots = at::bmm(vectors, vectors.transpose(1, 2));
  result.push_back(dots.flatten(1).index_select(1, layers.pairs));
  return at::cat(result, 1);
}

/// The bottom MLP's output and the embeddings side by side, crossed with themselves.
at::Tensor cross_interaction(const Layers& layers, const at::Tensor& bottom,
                             const at::Tensor& pooled) {
  const bool has_dense = layers.config.num_dense > 0;
  const at::Tensor x0 = has_dense ? at::cat({bottom, pooled}, 1) : pooled;
  at::Tensor x = x0;
  for (const CrossLayer& layer : layers.cross) {
    const at::Tensor low = at::linear(x, layer.v);
    x = at::linear(low, layer.w, layer.bias).mul(x0).add(x);
  }
  return x;
}

at::Tensor logits_of(const Layers& layers, const at::Tensor& bottom, const at::Tensor& pooled) {
  at::Tensor y = layers.config.cross_layers > 0 ? cross_interaction(layers, bottom, pooled)
                                                : dot_interaction(layers, bottom, pooled);
  for (const Layer& layer : layers.top) {
    const bool last = &layer == &layers.top.back();
    y = at::linear(y, layer.weight, layer.bias);
    if (!last) at::relu_(y);
  }
  return y.squeeze(1);
}

/// Gives the parameters, in the order of dense_parameters(), to the layers.
Layers layers_of(const DlrmConfig& config, const std::vector<at::Tensor>& parameters) {
  Layers layers;
  layers.config = config;
  auto next = parameters.begin();
  const auto take_mlp = [&](std::vector<Layer>& mlp, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, next += 2) mlp.push_back({next[0], next[1]});
  };
  take_mlp(layers.bottom, config.num_dense > 0 ? config.bottom_mlp.size() : 0);
  for (std::int64_t i = 0; i < config.cross_layers; ++i, next += 3) {
    layers.cross.push_back({next[0], next[1], next[2]});
  }
  take_mlp(layers.top, config.top_mlp.size());
  return layers;
}

}  // namespace

DensePart make_dense_part(const DlrmConfig& config, std::uint64_t seed, at::Device device) {
  DensePart part;
  for (const DenseParameterSpec& spec : dense_parameters(config)) {
    part.names.push_back(spec.name);
    part.parameters.push_back(trainable(spec, seed, device));
  }
  const auto layers = std::make_shared<Layers>(layers_of(config, part.parameters));
  if (config.cross_layers == 0) {
    const std::int64_t vectors = config.num_features + (config.num_dense > 0 ? 1 : 0);
    layers->pairs = lower_triangle(vectors).to(device);
  }
  if (device.is_cpu()) part.samples_at_once = kDenseSamplesAtOnce;
  part.bottom = bottom_layers(layers->bottom);
  part.logits = [layers](const DenseInput& input) {
    return logits_of(*layers, input.dense, input.pooled);
  };
  return part;
}

}  // namespace shardwright
