#pragma once

#include <cstddef>
#include <vector>

namespace shardwright {

/// The median of some times and how sure it is.
struct MedianTime {
  double ms = 0;
  double ci = 0;  ///< half the width of its 95 % interval by order statistics, as a share of it
  std::size_t outliers = 0;  ///< times over 1.5 medians
};

/// Of at least one time.
MedianTime median_of(std::vector<double> times_ms);

}  // namespace shardwright
