#include "runtime/model/dot_interaction.hpp"

#include "runtime/embedding/simd/kernels.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

namespace shardwright {
namespace {

std::size_t size_of(const at::Tensor& tensor, std::int64_t dimension) {
  return static_cast<std::size_t>(tensor.size(dimension));
}

}  // namespace

DotInteraction::DotInteraction(std::size_t num_features, std::size_t dim)
    : num_features_(num_features),
      dim_(dim),
      workers_(at::get_num_threads()),
      scratch_(workers_.threads()) {}

PairedVectors DotInteraction::vectors_of(const at::Tensor& bottom, const at::Tensor& pooled) const {
  const bool has_first = size_of(bottom, 1) > 0;
  return {has_first ? bottom.data_ptr<float>() : nullptr, pooled.data_ptr<float>(),
          size_of(pooled, 0), num_features_, dim_};
}

/// Cuts the samples into parts, a few for each thread.
void DotInteraction::for_each_part(std::size_t samples,
                                   const std::function<void(std::size_t begin, std::size_t count,
                                                            std::span<float> scratch)>& work) {
  constexpr std::size_t kPartsPerThread = 4;
  const std::size_t threads = workers_.threads();
  const std::size_t parts = std::min(samples, threads == 1 ? 1 : threads * kPartsPerThread);
  workers_.run(parts, [&](std::size_t i, std::size_t thread) {
    const std::size_t begin = samples * i / parts;
    scratch_[thread].resize(pair_scratch_size(num_features_ + 1, dim_));
    work(begin, samples * (i + 1) / parts - begin, scratch_[thread]);
  });
}

at::Tensor DotInteraction::forward(const at::Tensor& bottom, const at::Tensor& pooled) {
  const PairedVectors vectors = vectors_of(bottom, pooled);
  const std::size_t width = vectors.row_width();
  const at::Tensor result =
      at::empty({pooled.size(0), static_cast<std::int64_t>(width)}, at::kFloat);
  float* const rows = result.data_ptr<float>();
  for_each_part(
      vectors.samples, [&](std::size_t begin, std::size_t count, std::span<float> scratch) {
        embedding_kernels().dot_pairs(vectors.part(begin, count), rows + begin * width, scratch);
      });
  return result;
}

at::Tensor DotInteraction::backward(const at::Tensor& bottom, const at::Tensor& pooled,
                                    const at::Tensor& gradient, std::span<float> pooled_gradient) {
  const PairedVectors vectors = vectors_of(bottom, pooled);
  const at::Tensor of_rows = gradient.contiguous();
  const at::Tensor of_bottom = at::empty_like(bottom);
  const float* const rows = of_rows.data_ptr<float>();
  float* const first = of_bottom.data_ptr<float>();
  for_each_part(vectors.samples,
                [&](std::size_t begin, std::size_t count, std::span<float> scratch) {
                  const PairedVectors part = vectors.part(begin, count);
                  float* const others = pooled_gradient.data() + begin * num_features_ * dim_;
                  embedding_kernels().dot_pair_gradients(
                      part, rows + begin * vectors.row_width(),
                      {part.first == nullptr ? nullptr : first + begin * dim_, others}, scratch);
                });
  return of_bottom;
}

}  // namespace shardwright
