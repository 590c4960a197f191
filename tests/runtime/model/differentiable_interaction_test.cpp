#include "runtime/model/interaction/differentiable_interaction.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace shardwright {
namespace {

at::Tensor waves(const std::vector<std::int64_t>& shape, double phase) {
  std::int64_t size = 1;
  for (const std::int64_t n : shape) size *= n;
  return at::arange(size, at::kFloat).add(phase).sin().view(shape);
}

at::Tensor leaf(const at::Tensor& values) { return values.detach().set_requires_grad(true); }

/// Flat positions of the pairs (1,0), (2,0), (2,1) … in an n × n matrix.
at::Tensor lower_triangle(std::int64_t n) {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 1; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) positions.push_back(i * n + j);
  }
  return at::tensor(positions, at::kLong);
}

at::Tensor by_libtorch(const at::Tensor& bottom, const at::Tensor& pooled, std::int64_t dim) {
  at::Tensor vectors = pooled.view({pooled.size(0), -1, dim});
  if (bottom.size(1) > 0) vectors = at::cat({bottom.unsqueeze(1), vectors}, 1);
  const at::Tensor products = at::bmm(vectors, vectors.transpose(1, 2)).flatten(1);
  return at::cat({bottom, products.index_select(1, lower_triangle(vectors.size(1)))}, 1);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return a.sub(b).abs().max().item<double>();
}

void expect_as_libtorch(std::int64_t bottom_columns, std::int64_t features, std::int64_t dim) {
  constexpr std::int64_t kSamples = 5;
  const double scale = 1 / std::sqrt(static_cast<double>(dim));  // products are at most 1
  const at::Tensor bottom = leaf(waves({kSamples, bottom_columns}, 0.1).mul(scale));
  const at::Tensor pooled = leaf(waves({kSamples, features * dim}, 0.2).mul(scale));
  const at::Tensor same_bottom = leaf(bottom.clone());
  const at::Tensor same_pooled = leaf(pooled.clone());
  const at::Tensor out = differentiable_interaction(bottom, pooled, dim);
  const at::Tensor expected = by_libtorch(same_bottom, same_pooled, dim);
  const at::Tensor gradient = waves(expected.sizes().vec(), 0.3);
  out.backward(gradient);
  expected.backward(gradient);

  EXPECT_LT(largest_difference(out, expected), 1e-5);
  EXPECT_LT(largest_difference(pooled.grad(), same_pooled.grad()), 1e-5);
  if (bottom_columns == 0) return;
  EXPECT_LT(largest_difference(bottom.grad(), same_bottom.grad()), 1e-5);
}

TEST(DifferentiableInteraction, AgreesWithLibTorchOperations) {
  for (const std::int64_t dim : {1, 6, 16, 128}) {
    expect_as_libtorch(dim, 26, dim);
    expect_as_libtorch(0, 3, dim);
  }
}

TEST(DifferentiableInteraction, TakesTensorsThatAreNotContiguous) {
  const at::Tensor bottom = waves({4, 3}, 0.1).t();
  const at::Tensor pooled = waves({8, 3}, 0.2).t();
  const at::Tensor copied = differentiable_interaction(bottom.contiguous(), pooled.contiguous(), 4);
  EXPECT_TRUE(at::equal(differentiable_interaction(bottom, pooled, 4), copied));
}

}  // namespace
}  // namespace shardwright
