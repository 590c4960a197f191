#pragma once

/// Marks small functions that CPU code and CUDA kernels share.
#ifdef __CUDACC__
#define SHARDWRIGHT_HOST_DEVICE __host__ __device__
#else
#define SHARDWRIGHT_HOST_DEVICE
#endif
