#pragma once

#include "costmodel/timings/comm_timings.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Timings to fit to, and timings kept aside to tell how well they are met.
struct CallSplit {
  std::vector<CommTiming> training;
  std::vector<CommTiming> validation;
};

/// Keeps about `share` of the calls aside, all repeats and all ranks of a call together; nothing of
/// under 100 rows. The same rows and seed give the same split.
CallSplit split_calls(std::span<const CommTiming> rows, double share, std::uint64_t seed);

}  // namespace shardwright
