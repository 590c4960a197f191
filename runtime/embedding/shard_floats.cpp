#include "runtime/embedding/shard_floats.hpp"

#include "runtime/embedding/number_format.hpp"

#include <algorithm>
#include <stdexcept>

namespace shardwright {

LineVector<float> weights_in_floats(const ShardedEmbeddings::LocalShard& local) {
  if (local.dtype == DataType::fp32) return local.weights;
  LineVector<float> floats(local.weights16.size());
  const bool is_bf16 = local.dtype == DataType::bf16;
  std::transform(
      local.weights16.begin(), local.weights16.end(), floats.begin(),
      [&](std::uint16_t bits) { return is_bf16 ? to_float(Bf16{bits}) : to_float(Fp16{bits}); });
  return floats;
}

void set_weights(ShardedEmbeddings::LocalShard& local, std::span<const float> weights) {
  const bool is_float = local.dtype == DataType::fp32;
  if (weights.size() != (is_float ? local.weights.size() : local.weights16.size())) {
    throw std::logic_error("A shard is given another number of weights than it has.");
  }
  if (is_float) {
    std::copy(weights.begin(), weights.end(), local.weights.begin());
    return;
  }
  const bool is_bf16 = local.dtype == DataType::bf16;
  std::transform(weights.begin(), weights.end(), local.weights16.begin(), [&](float weight) {
    return is_bf16 ? nearest_bf16(weight).bits : nearest_fp16(weight).bits;
  });
}

}  // namespace shardwright
