#pragma once

#include "runtime/data/data_folder_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

struct CriteoOptions {
  std::vector<std::string> inputs;       ///< files in the Criteo format; "-" is standard input
  std::vector<std::string> test_inputs;  ///< empty: a share of `inputs` is the test part
  double test_share = 0.1;               ///< above 0 and below 1
  std::vector<std::int64_t> rows;        ///< of the 26 tables
  std::int64_t embedding_dim = 16;
  ConversionOptions output;
};

/// Turns files in the Criteo format (criteo_line.hpp) into a data folder of 26 tables C1 … C26 and
/// 13 dense features. Streams: memory does not grow with the files, and samples stay in file order.
/// Without test files each line falls into the test part with probability `test_share`, by a
/// generator seeded with `output.seed`. Throws InputError, UsageError, EnvironmentError.
DataSummary convert_criteo(const CriteoOptions& options);

}  // namespace shardwright
