#include "runtime/embedding/jagged_vectors.hpp"

namespace shardwright {
namespace {

std::size_t values_of(const UnpooledFeature& feature, const Batch& batch) {
  return batch.features[feature.feature].ids.size() * static_cast<std::size_t>(feature.dim);
}

std::vector<std::int64_t> offsets_of(const Bags& bags) {
  std::vector<std::int64_t> offsets = {0};
  offsets.reserve(bags.lengths.size() + 1);
  for (const std::int32_t length : bags.lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

}  // namespace

std::size_t num_vector_values(const std::vector<UnpooledFeature>& features, const Batch& batch) {
  std::size_t values = 0;
  for (const UnpooledFeature& feature : features) values += values_of(feature, batch);
  return values;
}

std::vector<JaggedVectors> jagged_vectors(const std::vector<UnpooledFeature>& features,
                                          const Batch& batch, std::span<const float> values) {
  std::vector<JaggedVectors> result;
  std::size_t begin = 0;
  for (const UnpooledFeature& feature : features) {
    const std::size_t size = values_of(feature, batch);
    result.push_back(
        {feature.dim, offsets_of(batch.features[feature.feature]), values.subspan(begin, size)});
    begin += size;
  }
  return result;
}

}  // namespace shardwright
