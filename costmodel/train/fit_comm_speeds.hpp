#pragma once

#include "costmodel/neural/comm_speeds.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// From calls that were measured several times (whatever their seeds and repeats) while the cores
/// were of different speeds: exponents by least squares of what times and speeds differ from their
/// means over a call, drawn to 0 where there is little to learn from, none below 0. The reference
/// is the median of all rows' probes; unknown, and all exponents 0, where no row has one. Calls in
/// which ranks wait for one that comes late are left out.
CommSpeeds fit_comm_speeds(std::span<const CommTiming> rows);

/// The rows as the reference would have taken for them; those without a probe as they are.
std::vector<CommTiming> at_reference(std::span<const CommTiming> rows, const CommSpeeds& speeds);

}  // namespace shardwright
