#include "runtime/comm/collectives.hpp"
#include "runtime/device/cuda.hpp"
#include "runtime/device/cuda_check.cuh"
#include "runtime/device/rank_gpu.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace shardwright {
namespace {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

int require_devices() {
  const CudaReport report = report_cuda();
  if (report.devices < 1) throw EnvironmentError(report.problem + ". Use --device cpu.");
  return report.devices;
}

std::string gpu_id(int device) {
  cudaDeviceProp properties = {};
  char bus[32] = {};
  check_cuda(cudaGetDeviceProperties(&properties, device), "describe the GPU");
  check_cuda(cudaDeviceGetPCIBusId(bus, sizeof bus, device), "find the GPU's bus id");
  std::string id = std::string(properties.name) + ", bus " + bus + ", UUID ";
  for (const char byte : properties.uuid.bytes) {
    char digits[3] = {};
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    id += digits;
  }
  return id;
}

/// Of a rank, how many ranks before it are on its host.
std::int64_t place_on_host(const Communicator& comm, const std::vector<std::string>& hosts) {
  const std::size_t self = comm.rank().index();
  return std::count(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(self), hosts[self]);
}

}  // namespace

void take_gpu(Communicator& comm, bool allow_shared) {
  const std::vector<std::string> hosts = all_gather(comm, host_name());
  std::string id;
  run_together(comm, [&] {
    const int devices = require_devices();
    const int device = static_cast<int>(place_on_host(comm, hosts) % devices);
    check_cuda(cudaSetDevice(device), "use the GPU");
    id = gpu_id(device);
  });
  std::vector<RankGpu> gpus;
  for (const std::string& gpu : all_gather(comm, id)) gpus.push_back({hosts[gpus.size()], gpu});
  const std::string problem = shared_gpu_problem(gpus);
  if (!allow_shared && !problem.empty()) throw CollectiveError(ExitCode::environment, problem);
}

}  // namespace shardwright
