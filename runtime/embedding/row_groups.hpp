#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/workers.hpp"
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
  /// matrix, its feature's first_vectors on. Sorts in linear time; the threads of `workers`, if
  /// any, share that where there are many ids, and make the same groups. Throws InputError for more
  /// rows of the matrix than an Occurrence can count, or if row and position among the ids do not
  /// fit into 64 bits.
  void build(std::span<const InputSource> sources, std::size_t first_feature,
             std::size_t num_features, PoolingMode mode, std::int64_t rows,
             std::int64_t rows_per_vector = 0, Workers* workers = nullptr);

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
  /// What build() was asked for.
  struct Collection {
    std::size_t first_feature = 0;
    std::size_t num_features = 0;
    PoolingMode mode = PoolingMode::sum;
    std::size_t ids_of(const InputSource& source) const;
  };
  /// Samples [begin, end) of a source, whose keys one thread makes.
  struct SampleRange {
    const InputSource* source = nullptr;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::size_t first_key = 0;                ///< where the first of their keys goes
    std::vector<std::size_t> first_ids = {};  ///< of each feature, among the source's ids
  };
  std::size_t cut_samples(const Collection& of, const InputSource& source, std::size_t first_key,
                          Workers* workers);
  void collect_keys(const Collection& of, std::span<const InputSource> sources, std::size_t ids,
                    Workers* workers);
  void collect(const Collection& of, const SampleRange& range);
  void collect_samples(const SampleRange& range, const BagsView& bags);
  void collect_vectors(const SampleRange& range, std::int64_t first_vector, const BagsView& bags);
  void collect_occurrences(const Collection& of, const SampleRange& range);
  std::uint32_t row_of_vector(std::int64_t first_vector, std::size_t position) const;
  bool begins_group(std::size_t key) const {
    return key == 0 || (keys_[key] ^ keys_[key - 1]) >> position_bits_ != 0;
  }
  std::size_t count_groups(std::size_t begin, std::size_t end) const;
  void find_groups(Workers* workers);
  void write_groups(std::size_t begin, std::size_t end, std::size_t first_group);
  void place_occurrences(Workers* workers);
  void place_occurrences(std::size_t begin, std::size_t end);

  int position_bits_ = 0;
  bool are_samples_ = false;
  std::int64_t rows_per_vector_ = 0;  ///< 0: pooled
  std::vector<SampleRange> ranges_;
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
