#include "runtime/profile/quiet_times.hpp"

#include <algorithm>

namespace shardwright {

void QuietTimes::add(double ms, double disturbance) { passes_.push_back({ms, disturbance}); }

std::int64_t QuietTimes::quiet() const {
  return std::count_if(passes_.begin(), passes_.end(),
                       [](const Pass& pass) { return pass.disturbance <= 1; });
}

MedianTime QuietTimes::median(std::int64_t least) const {
  std::vector<Pass> sorted = passes_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Pass& a, const Pass& b) { return a.disturbance < b.disturbance; });
  sorted.resize(static_cast<std::size_t>(std::max(quiet(), least)));
  std::vector<double> times;
  times.reserve(sorted.size());
  for (const Pass& pass : sorted) times.push_back(pass.ms);
  MedianTime result = median_of(times);
  result.outliers = passes_.size() - sorted.size();
  return result;
}

}  // namespace shardwright
