#pragma once

#include "costmodel/timings/compute_timings.hpp"

#include <vector>

namespace shardwright {

/// One timing for each measurement, in the order of their first runs: of several runs of the same
/// batch (hardware, seed, set, variant, busy ranks) the least forward and the least backward time.
/// What others do on a shared machine only ever adds to a time, and stays for minutes: runs that
/// lie apart see what a single one cannot. Throws InputError where one of these names two batches.
std::vector<ComputeTiming> least_of_repeats(std::vector<ComputeTiming> rows);

}  // namespace shardwright
