#include "launch/run_report/run_curve.hpp"

namespace shardwright {

CurvePoint& CurvePoint::operator+=(const CurvePoint& later) {
  step = later.step;
  steps += later.steps;
  loss_sum += later.loss_sum;
  samples += later.samples;
  seconds += later.seconds;
  slowest_ms += later.slowest_ms;
  mean_ms += later.mean_ms;
  return *this;
}

void RunCurve::add(const CurvePoint& point) {
  if (!points_.empty() && in_last_ < per_point_) {
    points_.back() += point;
    ++in_last_;
    return;
  }
  if (points_.size() == most_points_) {
    for (std::size_t i = 0; i < most_points_ / 2; ++i) {
      points_[i] = points_[2 * i];
      points_[i] += points_[2 * i + 1];
    }
    points_.resize(most_points_ / 2);
    per_point_ *= 2;
  }
  points_.push_back(point);
  in_last_ = 1;
}

}  // namespace shardwright
