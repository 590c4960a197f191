#pragma once

#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"

#include <cstdint>

namespace shardwright {

/// The first id outside its table that a look-up met, in device memory.
struct BadId {
  unsigned long long position = ~0ULL;  ///< among the batch's ids; all ones: none
};

/// What a look-up reads and fills, all in device memory.
struct Lookup {
  const LookupSlot* slots = nullptr;
  const std::int64_t* first_warps = nullptr;  ///< per slot: warps of the slots before it
  std::int64_t num_slots = 0;
  std::int64_t num_warps = 0;
  DeviceBags bags;
  float* matrix = nullptr;  ///< [samples][columns]
  std::int64_t columns = 0;
  BadId* bad_id = nullptr;
};

/// Pools the rows of every bag for every slot, in the order of the bag's ids, as pool_bags() does
/// (lookup.hpp), with the same bits. An id outside its table counts as no row and is noted.
void launch_lookup(const Lookup& lookup, DeviceStream stream);

}  // namespace shardwright
