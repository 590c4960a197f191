#pragma once

#include <cstdint>

namespace shardwright {

/// How often this process has called sched_yield(), by whatever code: counted_yields.cpp stands in
/// for the C library's function.
std::int64_t counted_yields();

}  // namespace shardwright
