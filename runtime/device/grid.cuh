#pragma once

#include "runtime/device/cuda_check.cuh"

#include <cstdint>

// Kernels whose threads step over their work: full_grid() blocks of kThreads, so that the GPU is
// full whatever there is to do.

namespace shardwright {

inline constexpr int kThreads = 256;

inline unsigned full_grid() {
  constexpr int kBlocksPerMultiprocessor = 8;
  return blocks_to_fill(kBlocksPerMultiprocessor);
}

/// The thread's first piece of work, and how far it is from one to the next.
__device__ inline std::int64_t first_index() {
  return std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
}
__device__ inline std::int64_t index_step() { return std::int64_t{gridDim.x} * kThreads; }

}  // namespace shardwright
