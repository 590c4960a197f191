#pragma once

#include <cstddef>

// Messages of the device code, apart from it: nvcc does not take the formatting library.

namespace shardwright {

/// Throws EnvironmentError: "CUDA could not <what>: <words>."
[[noreturn]] void throw_cuda_error(const char* what, const char* words);

/// Throws EnvironmentError for device memory of which there is not enough.
[[noreturn]] void throw_no_device_memory(std::size_t bytes, const char* purpose, std::size_t free,
                                         std::size_t total, const char* words);

}  // namespace shardwright
