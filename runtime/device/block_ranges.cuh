#pragma once

#include "runtime/device/device_memory.hpp"
#include "runtime/device/row_sort.cuh"

#include <cstdint>

namespace shardwright {

/// firsts[b] = the different rows of blocks before block b; firsts[num_blocks] = all. In device
/// memory.
template <class Value>
void launch_block_ranges(const SortedIds<Value>& ids, const std::int64_t* row_bases,
                         std::int64_t num_blocks, std::uint32_t* firsts, DeviceStream stream);

/// *sum = the sum of `count` values, added in an order that depends on nothing but their number,
/// which lies in device memory.
void launch_sum(const double* values, const std::uint32_t* count, double* sum, DeviceStream stream);

}  // namespace shardwright
