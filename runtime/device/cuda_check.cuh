#pragma once

#include "runtime/device/device_errors.hpp"

#include <cuda_runtime.h>

namespace shardwright {

/// Throws EnvironmentError unless the call went well: "CUDA could not <what>: <its own words>."
inline void check_cuda(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw_cuda_error(what, cudaGetErrorString(status));
}

/// After a kernel's launch.
inline void check_launch(const char* kernel) { check_cuda(cudaGetLastError(), kernel); }

/// Blocks that fill the GPU with so many threads each, for kernels that loop over their work.
inline unsigned blocks_to_fill(int blocks_per_multiprocessor) {
  int device = 0;
  int multiprocessors = 0;
  check_cuda(cudaGetDevice(&device), "say which device is in use");
  check_cuda(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device),
             "count multiprocessors");
  return static_cast<unsigned>(multiprocessors * blocks_per_multiprocessor);
}

}  // namespace shardwright
