#include "runtime/device/cuda.hpp"

#include <cuda_runtime.h>
#include <nccl.h>

namespace shardwright {

CudaReport report_cuda() {
  CudaReport report;
  report.built = true;
  report.compiled_cuda_version = CUDART_VERSION;
  report.compiled_nccl_version = NCCL_VERSION_CODE;
  if (const ncclResult_t status = ncclGetVersion(&report.runtime_nccl_version);
      status != ncclSuccess) {
    report.problem = std::string("NCCL: ") + ncclGetErrorString(status);
  }
  if (const cudaError_t status = cudaDriverGetVersion(&report.driver_cuda_version);
      status != cudaSuccess) {
    report.problem = std::string("no CUDA driver: ") + cudaGetErrorString(status);
    return report;
  }
  if (const cudaError_t status = cudaGetDeviceCount(&report.devices); status != cudaSuccess) {
    report.devices = 0;
    report.problem = std::string("no CUDA device: ") + cudaGetErrorString(status);
  }
  return report;
}

}  // namespace shardwright
