#pragma once

#include "runtime/bench/step_times.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace shardwright {

/// One step of each of `count` plans, step(plan) for each, [plan]: that of plan `number` % `count`
/// first, so that each is first as often. All are then as disturbed as the most disturbed one, for
/// a turn is kept or left as a whole.
std::vector<StepTimes> take_turn(std::size_t count, std::int64_t number,
                                 const std::function<StepTimes(std::size_t plan)>& step);

}  // namespace shardwright
