#pragma once

#include "runtime/data/dataset.hpp"
#include "runtime/data/read_ahead.hpp"

#include <cstdint>
#include <optional>

namespace shardwright {

struct ReadThroughputOptions {
  std::int64_t batch_size = 2048;
  std::int64_t batches = 0;  ///< 0: those of one epoch; more than that go on with the next
  std::optional<std::uint64_t> shuffle_seed = {};
  ReadAheadOptions ahead = {};
};

/// What one reader did alone.
struct ReadThroughput {
  std::int64_t batches = 0;
  std::int64_t samples = 0;
  std::int64_t ids = 0;
  std::int64_t bytes = 0;  ///< of labels, dense values, ids, weights and offsets
  double seconds = 0;
  double samples_per_s() const { return static_cast<double>(samples) / seconds; }
};

/// Reads batches as one rank of one would, and does nothing with them. Throws InputError as reading
/// does, and for a data set without samples.
ReadThroughput measure_reading(const Dataset& dataset, const ReadThroughputOptions& options);

}  // namespace shardwright
