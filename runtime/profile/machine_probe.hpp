#pragma once

#include <map>
#include <string>

namespace shardwright {

/// Name of the processor by /proc/cpuinfo, "unknown" without it.
std::string processor_name();

/// Rates of one core now, as metadata of timings: probe_copy_gb_s (bytes read plus written of large
/// arrays), probe_gather_gb_s (random rows of 256 bytes from 512 MB), probe_fma_gflop_s
/// (multiply-adds on values in registers). Takes about a second.
std::map<std::string, std::string> probe_machine();

}  // namespace shardwright
