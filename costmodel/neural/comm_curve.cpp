#include "costmodel/neural/comm_curve.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright {

CommCurve::CommCurve(const CommModel& model, CollectiveKind operation, std::int64_t ranks,
                     std::int64_t nodes) {
  if (ranks < 2) return;
  const CollectiveCall call{operation, ranks, nodes};
  const CommSetting& setting = *model.training.settings.begin();
  knots_ = model.knots;
  times_ms_ = log_times_at_knots(model, setting, call);
  for (double& time : times_ms_) time = 1e-3 * std::exp(time);
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

}  // namespace shardwright
