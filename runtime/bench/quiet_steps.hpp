#pragma once

#include "runtime/bench/step_times.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// Steps at which nobody else disturbed the rank.
std::int64_t num_quiet(const std::vector<StepTimes>& steps);

/// Of all ranks' steps, [rank][step], as many steps of each rank, keeps the undisturbed ones, or,
/// where they are fewer, the `least` least disturbed. `together`: a step is as disturbed as it was
/// for any rank, and all ranks keep the same steps; else each keeps its own ones, for ranks that
/// took turns met others' work at different steps. There must be at least `least`.
void keep_quiet_steps(std::vector<std::vector<StepTimes>>& ranks, std::size_t least, bool together);

}  // namespace shardwright
