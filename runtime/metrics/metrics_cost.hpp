#pragma once

#include "runtime/trainer/stopwatch.hpp"

namespace shardwright {

/// What metrics have taken from a job, in one process.
struct MetricsCost {
  double seconds = 0;       ///< in metrics
  double step_seconds = 0;  ///< in training steps, with or without that

  double share() const { return step_seconds > 0 ? seconds / step_seconds : 0; }
};

/// Adds the time of its life to a sum.
class TimeSpent {
 public:
  explicit TimeSpent(double& seconds) : seconds_(seconds) {}
  ~TimeSpent() { seconds_ += stopwatch_.seconds(); }
  TimeSpent(const TimeSpent&) = delete;
  TimeSpent& operator=(const TimeSpent&) = delete;

 private:
  double& seconds_;
  Stopwatch stopwatch_;
};

}  // namespace shardwright
