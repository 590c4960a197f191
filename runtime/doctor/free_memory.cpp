#include "runtime/doctor/free_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace shardwright {
namespace {

std::int64_t first_number_of(const std::string& file, const std::string& after) {
  std::ifstream in(file);
  std::int64_t number = -1;
  for (std::string line; number < 0 && std::getline(in, line);) {
    if (line.starts_with(after)) std::istringstream(line.substr(after.size())) >> number;
  }
  return number;
}

}  // namespace

Bytes free_memory() {
  constexpr std::int64_t kKib = 1024;
  const std::int64_t free =
      std::max<std::int64_t>(first_number_of("/proc/meminfo", "MemAvailable:"), 0);
  const std::int64_t limit = first_number_of("/sys/fs/cgroup/memory.max", "");
  const std::int64_t used = first_number_of("/sys/fs/cgroup/memory.current", "");
  if (limit < 0 || used < 0) return Bytes{free * kKib};
  return Bytes{std::min(free * kKib, std::max<std::int64_t>(limit - used, 0))};
}

}  // namespace shardwright
