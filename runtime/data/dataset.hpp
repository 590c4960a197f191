#pragma once

#include "runtime/data/batch.hpp"
#include "runtime/data/batch_shares.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

struct DatasetFeature {
  std::string name;
  std::string table;
  bool weighted = false;
};

/// A folder of column files, memory-mapped read-only (format: docs/data_format.md). Opening checks
/// that every file has the size that meta.json promises; InputError names the file and the bytes
/// missing.
class Dataset {
 public:
  explicit Dataset(const std::string& folder);
  ~Dataset();
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;

  std::int64_t size() const;  ///< samples
  std::int64_t num_dense() const;
  const std::vector<std::string>& dense_names() const;
  const std::vector<DatasetFeature>& features() const;

  /// Copies samples [begin, end) into `batch` (first_sample, size, labels, dense, features). Any
  /// number of threads may read at once.
  void read(std::int64_t begin, std::int64_t end, Batch& batch) const;
  /// The same of these samples, in their order; they become `batch.shuffled`.
  void read(std::span<const std::int64_t> samples, Batch& batch) const;

 private:
  void require_within(std::int64_t begin, std::int64_t end) const;
  void append(std::int64_t begin, std::int64_t end, Batch& batch) const;
  void append(std::span<const std::int64_t> samples, Batch& batch) const;

  struct Columns;
  std::unique_ptr<Columns> columns_;
};

/// Walks a data set in global batches of `batch_size`, of which rank r of W reads the slice
/// [size·r/W, size·(r+1)/W): every sample once per epoch, in the same global order for any W. The
/// last batch may be short or leave a rank with nothing. With a seed every epoch has an order of
/// its own (shuffled_order.hpp), which depends on seed and epoch alone. Any number of threads may
/// read.
class BatchReader {
 public:
  BatchReader(const Dataset& dataset, std::int64_t batch_size, std::int64_t rank,
              std::int64_t num_ranks, std::optional<std::uint64_t> shuffle_seed = {})
      : BatchReader(dataset, batch_size, rank, BatchShares(num_ranks), shuffle_seed) {}
  /// With shares of another kind, for their ranks.
  BatchReader(const Dataset& dataset, std::int64_t batch_size, std::int64_t rank,
              BatchShares shares, std::optional<std::uint64_t> shuffle_seed = {});
  std::int64_t num_batches() const;
  /// Batch `step` of the first epoch.
  void read(std::int64_t step, Batch& batch) const { read(0, step, batch); }
  /// Batch `step` of an epoch, both from 0.
  void read(std::int64_t epoch, std::int64_t step, Batch& batch) const;

 private:
  const Dataset* dataset_;
  std::int64_t batch_size_;
  std::int64_t rank_;
  BatchShares shares_;
  std::optional<std::uint64_t> shuffle_seed_;
};

}  // namespace shardwright
