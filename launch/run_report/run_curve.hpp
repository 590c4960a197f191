#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// Some consecutive steps of a run.
struct CurvePoint {
  std::int64_t step = 0;  ///< the last one, over epochs
  std::int64_t steps = 0;
  double loss_sum = 0;
  double samples = 0;
  double seconds = 0;
  double slowest_ms = 0;  ///< own work of the slowest rank of each phase, summed
  double mean_ms = 0;     ///< of the mean rank

  CurvePoint& operator+=(const CurvePoint& later);
};

/// A run's course in few points: neighbours are put together, the more the longer the run is.
class RunCurve {
 public:
  explicit RunCurve(std::size_t most_points) : most_points_(most_points) {}
  /// In the order of steps.
  void add(const CurvePoint& point);
  const std::vector<CurvePoint>& points() const { return points_; }

 private:
  std::size_t most_points_;  ///< an even number
  std::int64_t per_point_ = 1;
  std::int64_t in_last_ = 0;
  std::vector<CurvePoint> points_;
};

}  // namespace shardwright
