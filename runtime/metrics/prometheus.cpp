#include "runtime/metrics/prometheus.hpp"

#include "runtime/metrics/prometheus_text.hpp"
#include "runtime/metrics/replace_file.hpp"

#include <utility>

namespace shardwright {

Prometheus::Prometheus(const MetricsOptions& options, const JobState& state)
    : file_(options.file), state_(state) {
  if (!file_.empty()) replace_file(file_, prometheus_text(state));
  if (options.port) endpoint_.emplace(options.bind, *options.port, [this] { return page(); });
}

std::string Prometheus::page() {
  JobState state;
  {
    const std::lock_guard lock(mutex_);
    state = state_;
  }
  return prometheus_text(state);
}

void Prometheus::publish(const JobState& state, bool last) {
  constexpr double kSecondsBetween = 1;
  if (endpoint_) {
    const std::lock_guard lock(mutex_);
    state_ = state;
  }
  if (file_.empty() || (!last && since_file_.seconds() < kSecondsBetween)) return;
  since_file_ = Stopwatch();
  const std::string file = std::exchange(file_, "");
  replace_file(file, prometheus_text(state));
  file_ = file;
}

}  // namespace shardwright
