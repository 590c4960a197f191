#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace shardwright {

/// What one rank's memory came to.
struct MemoryMeasurement {
  std::int64_t predicted_bytes = 0;  ///< 0: no prediction
  std::int64_t peak_bytes = 0;       ///< above what was taken before the model was made
};

/// [{"predicted_bytes", "peak_bytes"}, …], one per rank.
nlohmann::json memory_json(std::span<const MemoryMeasurement> ranks);
/// "memory of the fullest rank: … above the start, predicted … (ratio …)", with a newline; at least
/// one rank. `memory` is "memory" or "device memory".
std::string memory_line(std::span<const MemoryMeasurement> ranks, const char* memory);

}  // namespace shardwright
