#pragma once

#include "costmodel/table.hpp"
#include "runtime/exchange/input_exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// One id of one bag: its row gets coefficient · (gradient of the bag's pooled value).
struct Occurrence {
  std::int64_t row = 0;
  std::int64_t sample = 0;   ///< row of the owner's matrix
  std::int32_t feature = 0;  ///< counts the table's features
  float coefficient = 0;     ///< per-sample weight (or 1), over the bag's length for the mean
};

/// The ids of a batch for one table, grouped by row. Within a group they stand in the order in
/// which their gradients are added: global sample, feature, position in the bag. Made once per
/// batch and used by all column shards. Keeps its buffers from batch to batch.
class RowGroups {
 public:
  /// Takes the features [first_feature, first_feature + num_features) of all sources, all of one
  /// table, with ids in [0, rows). Sorts in linear time.
  void build(std::span<const InputSource> sources, std::size_t first_feature,
             std::size_t num_features, PoolingMode mode, std::int64_t rows);

  /// Different rows that the batch touches.
  std::size_t size() const { return begins_.size() - 1; }
  /// Groups stand in the order of their rows; none is empty.
  std::span<const Occurrence> operator[](std::size_t group) const {
    return std::span(occurrences_).subspan(begins_[group], begins_[group + 1] - begins_[group]);
  }

 private:
  void collect(const InputSource& source, std::size_t first_feature, std::size_t num_features,
               PoolingMode mode);
  void sort_by_row(std::int64_t rows);
  void find_groups();

  std::vector<Occurrence> occurrences_;
  std::vector<Occurrence> scratch_;
  std::vector<std::size_t> begins_ = {0};  ///< of each group, and the end
};

}  // namespace shardwright
