#pragma once

#include "runtime/device/device_memory.hpp"

namespace shardwright {

/// Makes a stream the one that LibTorch puts this thread's work for the current GPU into. Only in
/// builds with CUDA.
void use_stream_in_libtorch(DeviceStream stream);

}  // namespace shardwright
