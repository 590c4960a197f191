#include "runtime/device/cuda.hpp"

namespace shardwright {

CudaReport report_cuda() {
  CudaReport report;
  report.problem = "built without CUDA (the `cuda` preset has it)";
  return report;
}

}  // namespace shardwright
