#pragma once

#include "runtime/device/device_memory.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// Bytes of the current GPU's memory that are taken, by whomever.
std::int64_t device_bytes_in_use();

/// GB/s (read plus written) of copies within the current GPU's memory: the median of some copies of
/// up to a GiB, as much as is free. Waits.
double device_copy_gb_per_s(DeviceStream stream);

/// "NVIDIA H100 …".
std::string device_name();

}  // namespace shardwright
