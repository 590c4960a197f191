#pragma once

namespace shardwright {

/// Tells OpenBLAS, if that is the BLAS this process has loaded, to use this many threads.
/// LibTorch's own setting does not reach the pthread build of OpenBLAS, which otherwise takes every
/// core on every rank.
void set_blas_threads(int threads);

}  // namespace shardwright
