#include "runtime/bench/disturbance.hpp"

#include <algorithm>

namespace shardwright {

double QuietLevel::ratio(double time) {
  constexpr std::size_t kRemembered = 1024;
  if (times_.size() < kRemembered) {
    times_.push_back(time);
  } else {
    times_[next_] = time;
    next_ = (next_ + 1) % kRemembered;
  }
  std::vector<double> sorted = times_;
  const auto tenth = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 10);
  std::nth_element(sorted.begin(), tenth, sorted.end());
  return time / *tenth;
}

Disturbance::Disturbance() {
  constexpr int kFirst = 50;  // so that the first answers have something to compare with
  for (int i = 0; i < kFirst; ++i) now();
}

Moment Disturbance::now() {
  constexpr double kQuietCore = 1.1;
  constexpr double kQuietMemory = 1.25;  // single probes of memory scatter by a tenth
  const MachineProbe probe = prober_.now();
  const auto& [copy, gather, multiply_add] = probe.rates;
  return {std::max(core_.ratio(1 / multiply_add) / kQuietCore,
                   memory_.ratio(1 / gather) / kQuietMemory),
          probe};
}

}  // namespace shardwright
