#pragma once

#include "runtime/data/data_folder_writer.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

struct SyntheticOptions {
  std::vector<Table> tables;  ///< rows, dim, mode, weighted, features and mean pooling are followed
  std::int64_t samples = 0;   ///< of the training part; 1 or more, as is test_samples
  std::int64_t test_samples = 0;
  std::int64_t num_dense = 13;
  double zipf = 1.05;      ///< skew of the ids, 0 or more
  double label_noise = 0;  ///< share of labels that a fair coin decides, 0 to 1
  ConversionOptions output;
};

/// Draws a data folder from a SyntheticModel, whose AUC on the test part is the ceiling of what any
/// model can be expected to reach. Streams; sample n of a part depends on (seed, part, n) alone, so
/// a longer run begins with the samples of a shorter one. Memory: 16 bytes per test sample.
DataSummary make_synthetic(const SyntheticOptions& options);

/// "DCNv2 / 40" and its like: rows become max(⌊rows / divisor⌋, min(rows, 4)).
void divide_rows(std::vector<Table>& tables, std::int64_t divisor);

}  // namespace shardwright
