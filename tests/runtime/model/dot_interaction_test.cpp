// The dot products of a DLRM beside LibTorch's products of matrices and its autograd.

#include "runtime/model/dot_interaction.hpp"

#include "runtime/model/dense_model.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {
namespace {

constexpr std::int64_t kSamples = 37;
constexpr std::int64_t kFeatures = 5;
constexpr std::int64_t kDim = 12;
constexpr std::int64_t kPooledColumns = kFeatures * kDim;

/// Tensors of one batch: what meets, and the gradient of what comes of it.
struct Inputs {
  at::Tensor bottom;
  at::Tensor pooled = at::rand({kSamples, kPooledColumns});
  at::Tensor gradient;

  explicit Inputs(bool has_bottom) : bottom(at::rand({kSamples, has_bottom ? kDim : 0})) {
    const std::int64_t vectors = kFeatures + (has_bottom ? 1 : 0);
    gradient = at::rand({kSamples, bottom.size(1) + vectors * (vectors - 1) / 2});
  }
};

struct Outputs {
  at::Tensor result;
  at::Tensor bottom_gradient;
  std::vector<float> pooled_gradient;
};

Outputs by_kernels(const Inputs& inputs) {
  DotInteraction dots(kFeatures, kDim);
  Outputs out;
  out.pooled_gradient.resize(static_cast<std::size_t>(inputs.pooled.numel()));
  out.result = dots.forward(inputs.bottom, inputs.pooled);
  out.bottom_gradient =
      dots.backward(inputs.bottom, inputs.pooled, inputs.gradient, out.pooled_gradient);
  return out;
}

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.detach().contiguous();
  const float* const values = whole.data_ptr<float>();
  return {values, values + whole.numel()};
}

Outputs by_libtorch(const Inputs& inputs) {
  const at::Tensor bottom = inputs.bottom.clone();
  const at::Tensor pooled = inputs.pooled.clone();
  bottom.set_requires_grad(true);
  pooled.set_requires_grad(true);
  const at::Tensor vectors = at::cat({bottom, pooled}, 1).view({kSamples, -1, kDim});
  const at::Tensor dots = at::bmm(vectors, vectors.transpose(1, 2));
  std::vector<at::Tensor> parts = {bottom};
  for (std::int64_t i = 1; i < vectors.size(1); ++i) {
    for (std::int64_t j = 0; j < i; ++j) parts.push_back(dots.select(1, i).narrow(1, j, 1));
  }
  Outputs out;
  out.result = at::cat(parts, 1);
  out.result.backward(inputs.gradient);
  out.bottom_gradient = bottom.grad();
  out.pooled_gradient = values_of(pooled.grad());
  return out;
}

void expect_near(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5F) << i;
}

TEST(DotInteraction, IsLibTorchsProductOfMatrices) {
  for (const bool has_bottom : {true, false}) {
    const Inputs inputs(has_bottom);
    const Outputs found = by_kernels(inputs);
    const Outputs expected = by_libtorch(inputs);
    expect_near(values_of(found.result), values_of(expected.result));
    expect_near(values_of(found.bottom_gradient), values_of(expected.bottom_gradient));
    expect_near(found.pooled_gradient, expected.pooled_gradient);
  }
}

TEST(DotInteraction, HasTheSameBitsOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  const Inputs inputs(true);
  set_dense_threads(1);
  const Outputs expected = by_kernels(inputs);
  for (const std::int64_t more : {2, 3, 16}) {
    set_dense_threads(more);
    const Outputs found = by_kernels(inputs);
    EXPECT_EQ(values_of(found.result), values_of(expected.result)) << more << " threads";
    EXPECT_EQ(values_of(found.bottom_gradient), values_of(expected.bottom_gradient))
        << more << " threads";
    EXPECT_EQ(found.pooled_gradient, expected.pooled_gradient) << more << " threads";
  }
  set_dense_threads(threads);
}

TEST(DotInteraction, TakesNoSamples) {
  DotInteraction dots(kFeatures, kDim);
  const at::Tensor bottom = at::rand({0, kDim});
  const at::Tensor pooled = at::rand({0, kPooledColumns});
  const at::Tensor result = dots.forward(bottom, pooled);
  EXPECT_EQ(result.size(0), 0);
  EXPECT_EQ(dots.backward(bottom, pooled, result, {}).numel(), 0);
}

}  // namespace
}  // namespace shardwright
