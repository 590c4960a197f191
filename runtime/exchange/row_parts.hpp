#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// A batch's ids of the tables whose rows are cut, sorted once by the part they fall into; tables
/// that send rows have UniqueIds instead. Keeps its buffers from batch to batch.
class RowParts {
 public:
  void split(const ExchangeLayout& layout, const Batch& batch);

  /// The bags that an owner is sent of one feature: the batch's own, or those of split() with the
  /// ids of one part, counted from the part's first row, in their order.
  const Bags& bags(const Batch& batch, const OwnedFeature& sent) const {
    return sent.part ? parts_[sent.feature][*sent.part] : batch.features[sent.feature];
  }

 private:
  std::vector<std::vector<Bags>> parts_;  ///< [feature][part]; none for whole tables
};

/// The part that a row lies in: the last cut that is not above it begins it.
std::size_t part_of(std::int64_t row, std::span<const std::int64_t> cuts);

/// Cuts bags by rows: parts[i] has the ids in [cuts[i], cuts[i + 1]), less cuts[i]. With cuts 0, 4,
/// 6 the bags {5, 1}, {4} become {1}, {} and {1}, {0}.
void split_bags(const Bags& bags, std::span<const std::int64_t> cuts, std::vector<Bags>& parts);

}  // namespace shardwright
