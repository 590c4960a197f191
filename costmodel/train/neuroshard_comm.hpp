#pragma once

#include "costmodel/timings/comm_timings.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

struct NeuroshardCommOptions {
  std::uint64_t seed = 1;  ///< of the weights
  std::int64_t epochs = 1000;
};

/// µs of each of `asked` by NeuroShard's communication nets trained on `rows`, for comparison:
/// one net for each machine, library, operation and number of ranks D and nodes, from D sizes and D
/// start delays (bytes and ms, standardised) over 128, 64, 32 and 16 to the D ranks' ms, by Adam on
/// the squared error; the epoch with the least error on every tenth row is kept. The net knows no
/// types of elements. A timing tells one rank's size: the others get the rest evenly. Predictions
/// below the shortest time trained on become that. Throws InputError where a net has fewer than ten
/// rows, or none.
std::vector<double> neuroshard_comm_us(std::span<const CommTiming> rows,
                                       std::span<const CommTiming> asked,
                                       const NeuroshardCommOptions& options);

}  // namespace shardwright
