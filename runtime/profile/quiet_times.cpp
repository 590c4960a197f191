#include "runtime/profile/quiet_times.hpp"

#include "runtime/bench/quiet_moments.hpp"

#include <algorithm>

namespace shardwright {

void QuietTimes::add(double ms, double disturbance) {
  times_ms_.push_back(ms);
  disturbances_.push_back(disturbance);
}

std::int64_t QuietTimes::quiet() const { return num_quiet(disturbances_); }

MedianTime QuietTimes::median(std::int64_t least) const {
  std::vector<double> times;
  const auto count = static_cast<std::size_t>(std::max(quiet(), least));
  for (const std::size_t pass : least_disturbed(disturbances_, count)) {
    times.push_back(times_ms_[pass]);
  }
  MedianTime result = median_of(times);
  result.outliers = times_ms_.size() - times.size();
  return result;
}

}  // namespace shardwright
