#pragma once

#include "runtime/data/data_folder_writer.hpp"
#include "runtime/data/numpy/numpy_samples.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

struct NumpyOptions {
  std::vector<std::string> inputs;       ///< folders, or beginnings of names (numpy_files.hpp)
  std::vector<std::string> test_inputs;  ///< empty: a share of `inputs` is the test part
  double test_share = 0.1;               ///< above 0 and below 1
  /// Rows per table, or one number for all; empty: the largest id + 1, found by a pass of its own.
  NumpyIdRules ids;
  std::int64_t embedding_dim = 16;
  ConversionOptions output;
};

/// Turns numpy's arrays into a data folder, one table for each feature. Streams: memory does not
/// grow with the files, and samples keep their order. Runs of samples that are named as test inputs
/// are left out of the training part. Throws InputError, UsageError, EnvironmentError.
DataSummary convert_numpy(const NumpyOptions& options);

}  // namespace shardwright
