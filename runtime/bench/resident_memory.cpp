#include "runtime/bench/resident_memory.hpp"

#include "costmodel/errors.hpp"

#include <fstream>
#include <string>

namespace shardwright {
namespace {

constexpr const char* kStatus = "/proc/self/status";
constexpr std::int64_t kBytesPerKilobyte = 1024;

/// "VmRSS:     1234 kB": 1234 · 1024.
std::int64_t bytes_of(const std::string& name) {
  std::ifstream status(kStatus);
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size())) * kBytesPerKilobyte;
  }
  throw EnvironmentError(std::string(kStatus) + " has no " + name +
                         " so the memory in use is not known: run on Linux with /proc mounted.");
}

}  // namespace

ResidentMemory resident_memory() { return {bytes_of("VmRSS:"), bytes_of("VmHWM:")}; }

}  // namespace shardwright
