#pragma once

#include <cstdint>

namespace shardwright {

/// Bytes of this process in memory now, and the most there ever were, by /proc/self/status. Throws
/// EnvironmentError if that cannot be read.
struct ResidentMemory {
  std::int64_t now_bytes = 0;
  std::int64_t peak_bytes = 0;
};
ResidentMemory resident_memory();

}  // namespace shardwright
