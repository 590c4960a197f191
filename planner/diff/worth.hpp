#pragma once

#include "planner/diff/standing.hpp"

namespace shardwright {

/// The least gain, relative to the cost, for which tables that are settled are touched.
inline constexpr double kLeastGain = 2e-3;
/// That of tables that are not settled yet: anything but rounding.
inline constexpr double kAnyGain = 1e-9;

/// What a replacement that was weighed is worth; more is better, 0: it is not to be made. What
/// mends a plan counts above all; then gain per byte, of which `few` are as good as none.
double worth_of(const Replacement& replacement, const Standing& now, double least_gain, double few);

/// A thousandth of all weights, in bytes, and one.
double few_bytes(const Workload& workload);

}  // namespace shardwright
