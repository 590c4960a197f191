#include "runtime/profile/median.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {

MedianTime median_of(std::vector<double> times_ms) {
  constexpr double kOutlier = 1.5;
  constexpr double kNormal = 1.96;  // 95 % of a normal distribution lie within so many deviations
  std::sort(times_ms.begin(), times_ms.end());
  const std::size_t count = times_ms.size();
  MedianTime result;
  result.ms = (times_ms[(count - 1) / 2] + times_ms[count / 2]) / 2;
  // Ranks below the median are binomial: count / 2 with the deviation sqrt(count) / 2.
  const auto n = static_cast<double>(count);
  const auto low =
      static_cast<std::size_t>(std::max(0.0, std::floor((n - kNormal * std::sqrt(n)) / 2)));
  const double width = times_ms[count - 1 - low] - times_ms[low];
  result.ci = result.ms > 0 ? width / 2 / result.ms : 0;
  for (const double ms : times_ms) result.outliers += ms > kOutlier * result.ms ? 1 : 0;
  return result;
}

}  // namespace shardwright
