#pragma once

#include <cstddef>

namespace shardwright {

/// Where a reuse bin's counts, (a, 2a], begin: half above a, so that whole counts lie amid
/// intervals of 1.
double least_count(std::size_t bin);

/// Mean count of the rows in a bin, whose counts are taken to fall off as 1/count²: what a Zipf law
/// with skew near 1 gives.
double mean_count(std::size_t bin);

}  // namespace shardwright
