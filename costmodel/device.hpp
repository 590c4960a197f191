#pragma once

#include "costmodel/bytes.hpp"
#include "costmodel/topology.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Datasheet figures of a kind of device, used where nothing was measured.
struct Device {
  std::string name;  ///< "cpu", "H100", "A100" …
  Bytes memory;      ///< 0: must be given
  double memory_bandwidth_bytes_per_second = 0;
  double gather_efficiency = 0;  ///< share of that bandwidth reached by random row reads
  double launch_seconds = 0;     ///< fixed cost of one operator call
  Link intra;
  Link inter;
  std::string source;  ///< where the figures come from
};

const std::vector<Device>& known_devices();
bool is_known_device(std::string_view name);
/// Case-insensitive. Throws UsageError that lists the names and suggests the nearest.
const Device& find_device(std::string_view name);
/// The known device that the name of a piece of hardware has as a word: "H200" for "NVIDIA H200",
/// "A100" for "NVIDIA A100-SXM4-80GB"; "cpu" if there is none.
std::string_view device_of_hardware(std::string_view hardware);
/// Whether all ranks compute on CPUs.
bool on_cpus(const Topology& topology);

}  // namespace shardwright
