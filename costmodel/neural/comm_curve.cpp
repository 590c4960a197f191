#include "costmodel/neural/comm_curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardwright {

CommCurve::CommCurve(const CommModel& model, CollectiveKind operation, std::int64_t ranks,
                     std::int64_t nodes, const MachineProbe& probe) {
  if (ranks < 2) return;
  const CollectiveCall call{operation, ranks, nodes};
  const CommSetting& setting = model.training.settings.begin()->first;
  knots_ = model.knots;
  times_ms_ = log_times_at_knots(model, setting, call);
  const double factor = time_factor(model.speeds, operation, probe);
  for (double& time : times_ms_) time = 1e-3 * factor * std::exp(time);
  slopes_ = sum_of_curves(model, EffectFactor::unevenness, setting, call);
  const bool flat =
      std::all_of(slopes_.begin(), slopes_.end(), [](double slope) { return slope == 0; });
  if (flat) slopes_.clear();
}

double CommCurve::milliseconds(double bytes) const { return between_knots(bytes, 0); }

double CommCurve::milliseconds(double bytes, double mean_bytes) const {
  const bool uneven = mean_bytes < bytes && !slopes_.empty();
  return between_knots(bytes, uneven ? std::log2(mean_bytes / bytes) : 0);
}

double CommCurve::between_knots(double bytes, double unevenness) const {
  if (bytes <= 0 || knots_.empty()) return 0;
  const auto [low, along] = position_of(knots_, bytes);
  const double high_bytes = knots_[low + 1];
  const auto time = [&](std::size_t knot) {
    return unevenness == 0 ? times_ms_[knot]
                           : times_ms_[knot] * std::exp(unevenness * slopes_[knot]);
  };
  return time_between(time(low), time(low + 1), along, (high_bytes - knots_[low]) / high_bytes);
}

// The curve's corners, each as low as what comes after it: it may fall, lines below it do not.
std::vector<CommCurve::Point> CommCurve::rising_points() const {
  std::vector<Point> points = {{0, times_ms_.front()}};
  for (std::size_t i = 0; i < knots_.size(); ++i) points.push_back({knots_[i], times_ms_[i]});
  for (std::size_t i = points.size() - 1; i-- > 0;) {
    points[i].ms = std::min(points[i].ms, points[i + 1].ms);
  }
  return points;
}

// Beyond the last knot.
double CommCurve::last_slope() const {
  const double last = knots_.back();
  return (milliseconds(2 * last) - times_ms_.back()) / last;
}

// The lower hull at `bytes`: the lowest chord there from a corner before it to one after it, or on
// along the curve's end; of those that meet there, the flattest.
std::optional<CommLine> CommCurve::line_below(double bytes) const {
  if (knots_.empty()) return CommLine{};
  if (!slopes_.empty()) return {};
  const std::vector<Point> points = rising_points();
  double lowest = std::numeric_limits<double>::infinity();
  CommLine line;
  const auto consider = [&](const Point& from, double slope) {
    const double there = from.ms + slope * (bytes - from.bytes);
    if (there > lowest || (there == lowest && slope >= line.ms_per_byte)) return;
    lowest = there;
    line = {from.ms - slope * from.bytes, slope};
  };
  for (const Point& from : points) {
    if (from.bytes > bytes) break;
    consider(from, last_slope());
    for (const Point& to : points) {
      if (to.bytes > bytes) consider(from, (to.ms - from.ms) / (to.bytes - from.bytes));
    }
  }
  return line;
}

std::optional<double> CommCurve::ray_below() const {
  if (knots_.empty()) return 0;
  if (!slopes_.empty()) return {};
  double least = last_slope();
  for (std::size_t i = 0; i < knots_.size(); ++i) {
    least = std::min(least, times_ms_[i] / knots_[i]);
  }
  return least;
}

}  // namespace shardwright
