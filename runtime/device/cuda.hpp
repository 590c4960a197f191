#pragma once

#include <string>

namespace shardwright {

/// What this build and this machine know of CUDA and NCCL.
struct CudaReport {
  bool built = false;             ///< compiled with SHARDWRIGHT_CUDA
  int compiled_cuda_version = 0;  ///< 13000 = 13.0
  int driver_cuda_version = 0;    ///< newest version the driver serves; 0: no driver
  int compiled_nccl_version = 0;  ///< 22809 = 2.28.9
  int runtime_nccl_version = 0;   ///< of the library loaded into this process
  int devices = 0;
  std::string problem;  ///< empty, or why there are no devices
};

/// Asks the CUDA runtime and NCCL. Never throws and never fails for want of a GPU. Without CUDA in
/// the build (cuda_stub.cpp) `built` is false and `problem` says so.
CudaReport report_cuda();

}  // namespace shardwright
