#include "runtime/model/bottom_pass.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace shardwright {
namespace {

at::Tensor waves(std::vector<std::int64_t> shape, double phase) {
  std::int64_t size = 1;
  for (const std::int64_t n : shape) size *= n;
  return at::arange(size, at::kFloat).add(phase).sin().view(shape);
}

std::vector<at::Tensor> make_weights() {
  std::vector<at::Tensor> weights = {waves({7, 3}, 0.1), waves({4, 7}, 0.2)};
  for (at::Tensor& weight : weights) weight.set_requires_grad(true);
  return weights;
}

/// As a DLRM uses what comes out of its bottom MLP: twice.
at::Tensor logits(const at::Tensor& x) {
  const at::Tensor pairs = at::cat({x.unsqueeze(1), waves({5, 2, 4}, 0.3)}, 1);
  return at::cat({x, at::bmm(pairs, pairs.transpose(1, 2)).flatten(1)}, 1).sin().sum();
}

at::Tensor layer(const at::Tensor& input, const at::Tensor& weight) {
  return at::relu(at::linear(input, weight));
}

TEST(BottomPass, HasTheBitsOfTheUncutLayers) {
  const at::Tensor features = waves({5, 3}, 0.4);
  const std::vector<at::Tensor> whole = make_weights();
  const at::Tensor expected = layer(layer(features, whole[0]), whole[1]);
  logits(expected).backward();

  const std::vector<at::Tensor> cut = make_weights();
  std::vector<BottomPass::Layer> layers;
  for (const at::Tensor& weight : cut) {
    layers.emplace_back([weight](const at::Tensor& input) { return layer(input, weight); });
  }
  std::string order;
  BottomPass pass;
  const at::Tensor output = pass.forward(layers, features, [&] { order += 'f'; });
  EXPECT_TRUE(at::equal(output, expected));
  logits(output).backward();
  order += '|';
  EXPECT_FALSE(cut[1].grad().defined());
  pass.backward([&] { order += 'b'; });

  for (std::size_t i = 0; i < cut.size(); ++i) {
    EXPECT_TRUE(at::equal(cut[i].grad(), whole[i].grad())) << "layer " << i;
  }
  EXPECT_EQ(order, "ff|bb");
  pass.backward([&] { order += 'b'; });
  EXPECT_EQ(order, "ff|bb") << "nothing is passed twice";
}

TEST(BottomPass, WithoutLayersGivesTheFeatures) {
  const at::Tensor features = waves({5, 3}, 0.4);
  BottomPass pass;
  EXPECT_TRUE(pass.forward({}, features, {}).is_same(features));
  pass.backward({});
}

}  // namespace
}  // namespace shardwright
