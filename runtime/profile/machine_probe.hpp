#pragma once

#include "costmodel/machine_probe.hpp"

#include <functional>
#include <map>
#include <string>

namespace shardwright {

/// Of the core that calls: the median of 100 probes, each after its caches were filled with
/// something else, and after `together`, for ranks that measure at the same time. Blocks for a
/// second.
MachineProbe probe_machine(const std::function<void()>& together = [] {});

/// Lines above the header of timings: probe_copy_gb_s, probe_gather_gb_s, probe_fma_gflop_s.
std::map<std::string, std::string> probe_metadata(const MachineProbe& probe);

}  // namespace shardwright
