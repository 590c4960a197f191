#pragma once

#include <cstdint>
#include <vector>

namespace shardwright {

/// The ids of one feature for consecutive samples: bags laid end to end.
struct Bags {
  std::vector<std::int32_t> lengths;  ///< one per sample
  std::vector<std::int64_t> ids;      ///< sum of lengths
  std::vector<float> weights;         ///< one per id if the feature is weighted, else empty
};

/// One rank's part of a global batch.
struct Batch {
  std::int64_t first_sample = 0;  ///< position of the first one in the order of the epoch
  std::int64_t size = 0;          ///< samples here; may be 0 when a rank runs dry
  std::int64_t global_size = 0;   ///< samples of the step over all ranks; 0: the epoch has ended
  std::vector<float> labels;      ///< size, 0 or 1
  std::vector<float> dense;       ///< size × dense features, row-major
  std::vector<Bags> features;     ///< in the order of Dataset::features
  /// Numbers of the samples in the data set where they are shuffled; empty: from first_sample on.
  std::vector<std::int64_t> shuffled = {};

  /// The number in the data set of sample n of these.
  std::int64_t sample_number(std::int64_t n) const {
    return shuffled.empty() ? first_sample + n : shuffled[static_cast<std::size_t>(n)];
  }
};

}  // namespace shardwright
