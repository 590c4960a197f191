#pragma once

#include "costmodel/table.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// The mean of a bag whose ids are spread over row parts: owners see only a part of the bag, so
/// they send sums, and the sample's own rank divides them by the bag's length; gradients are
/// divided before they are sent.
class SplitMeans {
 public:
  SplitMeans(const ExchangeLayout& layout, const Workload& workload);

  /// Keeps the lengths of this rank's bags.
  void remember(const Batch& batch);
  /// Turns sums into means in the pooled rows of the batch.
  void divide(std::span<float> pooled) const;
  /// The gradients of the sums: `gradients` itself if no table needs this; else valid until the
  /// next call.
  std::span<const float> gradients_of_sums(std::span<const float> gradients);

 private:
  struct Feature {
    std::size_t feature = 0;
    std::int64_t pooled_column = 0;
    std::int64_t width = 0;
    std::vector<std::int32_t> lengths;
  };

  std::int64_t pooled_columns_;
  std::vector<Feature> features_;
  std::vector<float> scaled_;
};

}  // namespace shardwright
