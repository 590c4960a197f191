#include "runtime/device/cuda_check.cuh"
#include "runtime/device/device_memory.hpp"

#include <cstdint>
#include <utility>

namespace shardwright {
namespace {

[[noreturn]] void refuse(std::size_t bytes, const char* purpose, cudaError_t status) {
  std::size_t free = 0;
  std::size_t total = 0;
  static_cast<void>(cudaGetLastError());  // an allocation that failed leaves the device usable
  static_cast<void>(cudaMemGetInfo(&free, &total));
  throw_no_device_memory(bytes, purpose, free, total, cudaGetErrorString(status));
}

/// Freed memory stays with the process, so that a step's buffers cost nothing to take again.
void keep_freed_memory() {
  int device = 0;
  cudaMemPool_t pool = nullptr;
  std::uint64_t threshold = UINT64_MAX;
  check_cuda(cudaGetDevice(&device), "say which device is in use");
  check_cuda(cudaDeviceGetDefaultMemPool(&pool, device), "find the device's memory pool");
  check_cuda(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold),
             "set up the device's memory pool");
}

}  // namespace

DeviceMemory::DeviceMemory(std::size_t bytes, DeviceStream stream, const char* purpose)
    : bytes_(bytes), stream_(stream) {
  if (bytes == 0) return;
  const cudaError_t status = cudaMallocAsync(&data_, bytes, stream);
  if (status != cudaSuccess) refuse(bytes, purpose, status);
}

DeviceMemory::~DeviceMemory() {
  if (data_ != nullptr) static_cast<void>(cudaFreeAsync(data_, stream_));
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(stream_, other.stream_);
  return *this;
}

void* take_pinned(std::size_t bytes) {
  void* data = nullptr;
  check_cuda(cudaMallocHost(&data, bytes), "take page-locked memory");
  return data;
}

void free_pinned(void* data) { static_cast<void>(cudaFreeHost(data)); }

void set_to_zero(void* memory, std::size_t bytes, DeviceStream stream) {
  if (bytes == 0) return;
  check_cuda(cudaMemsetAsync(memory, 0, bytes, stream), "clear memory");
}

void copy_to_device(void* to, const void* from, std::size_t bytes, DeviceStream stream) {
  if (bytes == 0) return;
  check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream),
             "copy to the device");
}

void copy_to_host(void* to, const void* from, std::size_t bytes, DeviceStream stream) {
  if (bytes == 0) return;
  check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream), "copy to the host");
}

void wait_for(DeviceStream stream) {
  check_cuda(cudaStreamSynchronize(stream), "finish the work of a stream");
}

DeviceEvent::DeviceEvent() { check_cuda(cudaEventCreate(&event_), "create an event"); }

DeviceEvent::~DeviceEvent() { static_cast<void>(cudaEventDestroy(event_)); }

void DeviceEvent::record(DeviceStream stream) {
  check_cuda(cudaEventRecord(event_, stream), "record an event");
}

void DeviceEvent::wait() const { check_cuda(cudaEventSynchronize(event_), "wait for an event"); }

double DeviceEvent::ms_since(const DeviceEvent& start) const {
  wait();
  float ms = 0;
  check_cuda(cudaEventElapsedTime(&ms, start.event_, event_), "read the time between events");
  return ms;
}

OwnedStream::OwnedStream() {
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream");
  keep_freed_memory();
}

OwnedStream::~OwnedStream() { static_cast<void>(cudaStreamDestroy(stream_)); }

}  // namespace shardwright
