#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Of moments with so much disturbance each (Moment), how many were quiet.
std::int64_t num_quiet(std::span<const double> disturbances);

/// Positions, in order, of the `count` least disturbed; there must be at least so many.
std::vector<std::size_t> least_disturbed(std::span<const double> disturbances, std::size_t count);

}  // namespace shardwright
