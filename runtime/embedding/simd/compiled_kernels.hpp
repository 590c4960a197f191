#pragma once

#include "runtime/embedding/simd/kernels.hpp"

namespace shardwright {

// One per file that compiles kernels.
extern const EmbeddingKernels kVector128Kernels;
extern const EmbeddingKernels kAvx2Kernels;
extern const EmbeddingKernels kAvx512Kernels;

}  // namespace shardwright
