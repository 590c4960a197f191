#pragma once

#include "costmodel/table.hpp"
#include "runtime/exchange/input_source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// One id of one bag: its row gets coefficient · (gradient of the bag's pooled value, or of the
/// id's own vector).
struct Occurrence {
  std::uint32_t sample = 0;   ///< row of the owner's matrix
  std::uint32_t feature = 0;  ///< counts the table's features; 0 without pooling
  float coefficient = 0;      ///< per-sample weight (or 1), over the bag's length for the mean
};

/// Groups [begin, end) of a RowGroups.
struct GroupRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The ids of a batch for one table, grouped by row. Within a group they stand in the order in
/// which their gradients are added: global sample, feature, position in the bag. Made once per
/// batch and used by all column shards. Keeps its buffers from batch to batch.
class RowGroups {
 public:
  /// Takes the features [first_feature, first_feature + num_features) of all sources, all of one
  /// table, with ids in [0, rows). Without pooling an id's vector has `rows_per_vector` rows of the
  /// matrix, its feature's first_vectors on. Sorts in linear time. Throws InputError for more rows
  /// of the matrix than an Occurrence can count, or if row and position among the ids do not fit
  /// into 64 bits.
  void build(std::span<const InputSource> sources, std::size_t first_feature,
             std::size_t num_features, PoolingMode mode, std::int64_t rows,
             std::int64_t rows_per_vector = 0);

  /// Different rows that the batch touches.
  std::size_t size() const { return rows_.size(); }
  /// Occurrences of all rows.
  std::size_t ids() const { return occurrences_.size(); }
  /// Groups stand in the order of their rows; none is empty.
  std::int64_t row(std::size_t group) const { return rows_[group]; }
  std::span<const Occurrence> operator[](std::size_t group) const {
    return occurrences_of({group, group + 1});
  }
  /// Those of consecutive groups, one group after the other.
  std::span<const Occurrence> occurrences_of(GroupRange groups) const {
    return std::span(occurrences_)
        .subspan(begins_[groups.begin], begins_[groups.end] - begins_[groups.begin]);
  }

 private:
  std::uint64_t* add_keys(std::size_t count);
  void collect_samples(const InputSource& source, const BagsView& bags);
  void collect_vectors(std::int64_t first_vector, const BagsView& bags);
  void collect(const InputSource& source, std::size_t first_feature, std::size_t num_features,
               PoolingMode mode);
  std::uint32_t row_of_vector(std::int64_t first_vector, std::size_t position) const;
  void add(const InputSource& source, std::size_t first_feature, std::size_t num_features,
           PoolingMode mode);
  void sort_by_row(std::int64_t rows);
  std::size_t count_groups() const;
  void find_groups();
  void place_occurrences();

  int position_bits_ = 0;
  bool are_samples_ = false;
  std::int64_t rows_per_vector_ = 0;  ///< 0: pooled
  /// row << position_bits_ | position: in collected_ or, if are_samples_, the row of the matrix,
  /// which says it all where a table has one feature and every coefficient is 1.
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint64_t> scratch_;
  std::vector<Occurrence> collected_;      ///< in the order of samples
  std::vector<Occurrence> occurrences_;    ///< in the order of rows
  std::vector<std::int64_t> rows_;         ///< of each group
  std::vector<std::size_t> begins_ = {0};  ///< of each group, and the end
};

}  // namespace shardwright
