#include "runtime/metrics/prometheus.hpp"

#include "costmodel/json/write_file.hpp"
#include "runtime/metrics/prometheus_text.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {

Prometheus::Prometheus(const MetricsOptions& options, const JobState& state)
    : file_(options.file), state_(state) {
  if (!file_.empty()) write_file(file_, prometheus_text(state), Lasting::no);
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
  constexpr double kLeastBetween = 1;
  constexpr double kTimesItsOwn = 200;  // on a slow disk a rename can wait for long
  if (endpoint_) {
    const std::lock_guard lock(mutex_);
    state_ = state;
  }
  if (file_.empty() || (!last && since_file_.seconds() < seconds_between_)) return;
  since_file_ = Stopwatch();
  const std::string file = std::exchange(file_, "");
  write_file(file, prometheus_text(state), Lasting::no);
  file_ = file;
  seconds_between_ = std::max(kLeastBetween, kTimesItsOwn * since_file_.seconds());
}

}  // namespace shardwright
