#pragma once

#include <string>

namespace shardwright {

/// Name of the processor by /proc/cpuinfo, "unknown" without it.
std::string processor_name();

}  // namespace shardwright
