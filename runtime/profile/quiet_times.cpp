#include "runtime/profile/quiet_times.hpp"

#include "runtime/bench/quiet_moments.hpp"

#include <algorithm>

namespace shardwright {

void QuietTimes::add(double ms, double disturbance, const MachineProbe& probe) {
  times_ms_.push_back(ms);
  disturbances_.push_back(disturbance);
  probes_.push_back(probe);
}

std::int64_t QuietTimes::quiet() const { return num_quiet(disturbances_); }

std::vector<std::size_t> QuietTimes::kept(std::int64_t least) const {
  return least_disturbed(disturbances_, static_cast<std::size_t>(std::max(quiet(), least)));
}

MedianTime QuietTimes::median(std::int64_t least) const {
  std::vector<double> times;
  for (const std::size_t pass : kept(least)) times.push_back(times_ms_[pass]);
  MedianTime result = median_of(times);
  result.outliers = times_ms_.size() - times.size();
  return result;
}

MachineProbe QuietTimes::probe(std::int64_t least) const {
  std::vector<MachineProbe> probes;
  for (const std::size_t pass : kept(least)) probes.push_back(probes_[pass]);
  return median_probe(probes);
}

}  // namespace shardwright
