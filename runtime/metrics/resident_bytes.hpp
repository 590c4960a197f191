#pragma once

#include <cstdint>

namespace shardwright {

/// Bytes of this process that are in memory now; 0 where /proc/self/statm does not tell. Costs a
/// few microseconds: it is asked for between steps (bench/resident_memory.hpp knows the peak too).
std::int64_t resident_bytes();

}  // namespace shardwright
