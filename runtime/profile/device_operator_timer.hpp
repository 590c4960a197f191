#pragma once

#include "runtime/profile/operator_timer.hpp"
#include "runtime/profile/table_sets.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shardwright {

/// The same as time_operator() on the current GPU, by its own clock, with ids that it draws itself:
/// pooled values of a whole set; sorting of ids and update. Before either, its cache is filled with
/// other memory. Throws EnvironmentError if there is no GPU or not enough of its memory, or if the
/// build has no CUDA.
std::vector<OperatorTiming> time_operator_on_device(const TableSet& set, std::uint64_t seed,
                                                    const TimingEffort& effort);

/// The GPU's name, and its rates now, as metadata of timings: probe_copy_gb_s (bytes read plus
/// written of large arrays), driver and CUDA versions. Throws as above.
std::string profiled_device_name();
std::map<std::string, std::string> probe_device();

}  // namespace shardwright
