#include "costmodel/device.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace shardwright {
namespace {

constexpr double kGigabyte = 1e9;
constexpr double kMicrosecond = 1e-6;

// What no datasheet states; docs/cost_models.md says why these values.
constexpr double kGpuGatherEfficiency = 0.7;
constexpr double kCpuGatherEfficiency = 0.1;
constexpr double kGpuLaunchSeconds = 10 * kMicrosecond;
constexpr double kCpuLaunchSeconds = 2 * kMicrosecond;

constexpr Bytes gigabytes(std::int64_t count) { return Bytes(count * 1'000'000'000); }

constexpr Link link(double gigabytes_per_second, double microseconds) {
  return {gigabytes_per_second * kGigabyte, microseconds * kMicrosecond};
}

Device gpu(std::string name, Bytes memory, double gigabytes_per_second, Link intra, Link inter,
           std::string source) {
  return {std::move(name),
          memory,
          gigabytes_per_second * kGigabyte,
          kGpuGatherEfficiency,
          kGpuLaunchSeconds,
          intra,
          inter,
          std::move(source)};
}

std::vector<Device> make_devices() {
  const Device cpu{
      "cpu",
      Bytes(0),
      20 * kGigabyte,
      kCpuGatherEfficiency,
      kCpuLaunchSeconds,
      link(4, 1),
      link(1.25, 20),
      "one server core, copies and random rows measured on an AMD EPYC 9004; MPI in shared memory "
      "and 10 Gbit/s Ethernet assumed"};
  return {
      cpu,
      gpu("V100", Bytes(0), 900, link(150, 1), link(12.5, 2),
          "NVIDIA V100 SXM2 datasheet, NVLink 300 GB/s both ways; 100 Gbit/s InfiniBand"),
      gpu("A100", Bytes(0), 2039, link(300, 1), link(25, 2),
          "NVIDIA A100 80GB SXM datasheet, NVLink 600 GB/s both ways; 200 Gbit/s InfiniBand"),
      gpu("A100-40GB", gigabytes(40), 1555, link(300, 1), link(25, 2),
          "NVIDIA A100 40GB SXM datasheet, NVLink 600 GB/s both ways; 200 Gbit/s InfiniBand"),
      gpu("H100", gigabytes(80), 3350, link(450, 1), link(50, 2),
          "NVIDIA H100 SXM datasheet, NVLink 900 GB/s both ways; 400 Gbit/s InfiniBand"),
      gpu("H200", gigabytes(141), 4800, link(450, 1), link(50, 2),
          "NVIDIA H200 SXM datasheet, NVLink 900 GB/s both ways; 400 Gbit/s InfiniBand"),
      gpu("B200", gigabytes(180), 8000, link(900, 1), link(50, 2),
          "NVIDIA DGX B200 datasheet, NVLink 1.8 TB/s both ways; 400 Gbit/s InfiniBand"),
      gpu("B300", gigabytes(288), 8000, link(900, 1), link(100, 2),
          "NVIDIA DGX B300 datasheet, NVLink 1.8 TB/s both ways; 800 Gbit/s InfiniBand"),
      gpu("GB200", gigabytes(186), 8000, link(900, 1), link(50, 2),
          "NVIDIA GB200 NVL72 datasheet, of 72 GPUs; NVLink 1.8 TB/s both ways; 400 Gbit/s "
          "InfiniBand"),
      gpu("L40S", gigabytes(48), 864, link(32, 2), link(25, 2),
          "NVIDIA L40S datasheet, PCIe 4.0 x16 64 GB/s both ways; 200 Gbit/s InfiniBand"),
  };
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

const Device* lookup(std::string_view name) {
  for (const Device& device : known_devices()) {
    if (same_letters(device.name, name)) return &device;
  }
  return nullptr;
}

}  // namespace

const std::vector<Device>& known_devices() {
  static const std::vector<Device> devices = make_devices();
  return devices;
}

bool is_known_device(std::string_view name) { return lookup(name) != nullptr; }

const Device& find_device(std::string_view name) {
  if (const Device* device = lookup(name)) return *device;
  std::vector<std::string> names;
  for (const Device& device : known_devices()) names.push_back(device.name);
  const std::string guess = nearest(name, names);
  throw UsageError(fmt::format("The device '{}' is not known{} Known are {}.", name,
                               guess.empty() ? "." : fmt::format("; did you mean '{}'?", guess),
                               fmt::join(names, ", ")));
}

std::string_view device_of_hardware(std::string_view hardware) {
  const auto ends_word = [&](std::size_t at) {
    return at >= hardware.size() || std::isalnum(static_cast<unsigned char>(hardware[at])) == 0;
  };
  for (const Device& device : known_devices()) {
    const std::size_t at = hardware.find(device.name);
    if (at == std::string_view::npos || !ends_word(at + device.name.size())) continue;
    if (at == 0 || ends_word(at - 1)) return device.name;
  }
  return "cpu";
}

bool on_cpus(const Topology& topology) {
  return std::all_of(topology.ranks.begin(), topology.ranks.end(),
                     [](const RankSpec& rank) { return rank.device == "cpu"; });
}

}  // namespace shardwright
