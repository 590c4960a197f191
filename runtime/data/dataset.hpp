#pragma once

#include "runtime/data/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
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

  /// Copies samples [begin, end) into `batch` (first_sample, size, labels, dense, features).
  void read(std::int64_t begin, std::int64_t end, Batch& batch) const;

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

/// Walks a data set in global batches of `batch_size`, of which rank r of W reads the slice
/// [size·r/W, size·(r+1)/W): every sample once per epoch, in the same global order for any W. The
/// last batch may be short or leave a rank with nothing.
class BatchReader {
 public:
  BatchReader(const Dataset& dataset, std::int64_t batch_size, std::int64_t rank,
              std::int64_t num_ranks);
  std::int64_t num_batches() const;
  /// Batch `step` of the epoch.
  void read(std::int64_t step, Batch& batch) const;

 private:
  const Dataset* dataset_;
  std::int64_t batch_size_;
  std::int64_t rank_;
  std::int64_t num_ranks_;
};

}  // namespace shardwright
