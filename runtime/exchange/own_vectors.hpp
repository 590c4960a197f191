#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// The vectors that a rank gets for the ids of its own samples, one for each id of the features
/// without pooling: feature by feature, [ids][dim]. Knows which owner sends which of them. Where a
/// table's rows are cut, each id's vector comes from the owner of its row, in the order of the ids;
/// the order is found by one pass over the ids. Keeps its buffers from batch to batch.
class OwnVectors {
 public:
  OwnVectors(const ExchangeLayout& layout, const Workload& workload);

  /// Takes the ids of this rank's batch.
  void remember(const Batch& batch);

  /// Floats of all vectors.
  std::size_t size() const { return size_; }
  /// Where those of a feature without pooling, a position in ExchangeLayout::features, begin.
  std::size_t begin(std::size_t feature) const { return of(feature).begin; }
  /// Floats of those that an owner sends.
  std::size_t size_from(const OwnerLayout& owner) const;

  /// Puts what an owner has sent, size_from(owner), into its places among all `vectors`.
  void unpack(const OwnerLayout& owner, std::span<const float> sent,
              std::span<float> vectors) const;
  /// The reverse.
  void pack(const OwnerLayout& owner, std::span<const float> vectors, std::span<float> sent) const;

 private:
  struct Feature {
    std::size_t feature = 0;
    std::size_t dim = 0;
    std::span<const std::int64_t> row_cuts;  ///< none if the rows are not cut
    std::size_t ids = 0;
    std::size_t begin = 0;
    std::vector<std::vector<std::uint32_t>> parts;  ///< positions of each part's ids
  };
  const Feature& of(std::size_t feature) const;
  static void sort_into_parts(const Bags& bags, Feature& feature);
  std::size_t ids_of(const OwnedFeature& sent) const;
  template <class Visit>
  void for_each_run(const OwnerLayout& owner, Visit visit) const;

  std::vector<Feature> features_;  ///< those without pooling
  std::size_t size_ = 0;
};

}  // namespace shardwright
