#include "costmodel/neural/comm_curve.hpp"

#include <cmath>

namespace shardwright {

CommCurve::CommCurve(const CommModel& model, CollectiveKind operation, std::int64_t ranks,
                     std::int64_t nodes) {
  if (ranks < 2) return;
  const CollectiveCall call{operation, ranks, nodes};
  knots_ = model.knots;
  times_ms_ = log_times_at_knots(model, *model.training.settings.begin(), call);
  for (double& time : times_ms_) time = 1e-3 * std::exp(time);
}

double CommCurve::milliseconds(double bytes) const {
  if (bytes <= 0 || knots_.empty()) return 0;
  const auto [low, along] = position_of(knots_, bytes);
  const double high_bytes = knots_[low + 1];
  return time_between(times_ms_[low], times_ms_[low + 1], along,
                      (high_bytes - knots_[low]) / high_bytes);
}

}  // namespace shardwright
