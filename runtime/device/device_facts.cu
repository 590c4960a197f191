#include "runtime/device/cuda_check.cuh"
#include "runtime/device/device_facts.hpp"
#include "runtime/device/device_memory.hpp"

#include <algorithm>
#include <vector>

namespace shardwright {
namespace {

struct Memory {
  std::size_t free = 0;
  std::size_t total = 0;
};

Memory memory_of_device() {
  Memory memory;
  check_cuda(cudaMemGetInfo(&memory.free, &memory.total), "say how much memory is free");
  return memory;
}

}  // namespace

std::int64_t device_bytes_in_use() {
  const Memory memory = memory_of_device();
  return static_cast<std::int64_t>(memory.total - memory.free);
}

double device_copy_gb_per_s(DeviceStream stream) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  constexpr std::size_t kCopies = 9;
  const std::size_t bytes = std::min(kMost, memory_of_device().free / 4);
  const DeviceMemory from(bytes, stream, "the measurement of a copy");
  const DeviceMemory to(bytes, stream, "the measurement of a copy");
  check_cuda(cudaMemsetAsync(from.data(), 0, bytes, stream), "fill memory");
  DeviceEvent start;
  DeviceEvent end;
  std::vector<double> times;
  for (std::size_t i = 0; i < kCopies; ++i) {
    start.record(stream);
    check_cuda(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream),
               "copy on the device");
    end.record(stream);
    times.push_back(end.ms_since(start));
  }
  std::sort(times.begin(), times.end());
  return 2.0 * static_cast<double>(bytes) / (times[kCopies / 2] * 1e6);
}

std::string device_name() {
  int device = 0;
  cudaDeviceProp properties = {};
  check_cuda(cudaGetDevice(&device), "say which device is in use");
  check_cuda(cudaGetDeviceProperties(&properties, device), "describe the GPU");
  return properties.name;
}

}  // namespace shardwright
