#pragma once

#include "runtime/data/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// A feature whose table has no pooling.
struct UnpooledFeature {
  std::size_t feature = 0;  ///< position in Batch::features
  std::int64_t dim = 0;
};

/// The vectors of one feature's ids in a batch: those of sample n are the rows [offsets[n],
/// offsets[n + 1]) of `values`, [ids][dim], in the order of its ids; none if its bag is empty.
struct JaggedVectors {
  std::int64_t dim = 0;
  std::vector<std::int64_t> offsets;  ///< one more than samples
  std::span<const float> values;
};

/// Floats of the vectors of all the features' ids in a batch, which lie feature by feature.
std::size_t num_vector_values(const std::vector<UnpooledFeature>& features, const Batch& batch);

/// Cuts num_vector_values() floats, of vectors or of their gradients, into the features'.
std::vector<JaggedVectors> jagged_vectors(const std::vector<UnpooledFeature>& features,
                                          const Batch& batch, std::span<const float> values);

}  // namespace shardwright
