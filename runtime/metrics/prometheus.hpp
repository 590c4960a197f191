#pragma once

#include "runtime/metrics/job_state.hpp"
#include "runtime/metrics/metrics_endpoint.hpp"
#include "runtime/metrics/metrics_options.hpp"
#include "runtime/trainer/stopwatch.hpp"

#include <mutex>
#include <optional>
#include <string>

namespace shardwright {

/// A job's state for Prometheus: in a file, at a port, both or neither.
class Prometheus {
 public:
  /// Throws UsageError or EnvironmentError for an address, a port or a file that cannot be had.
  Prometheus(const MetricsOptions& options, const JobState& state);

  /// From now on this is what is read. The file is replaced at most once a second, unless this is
  /// the `last` state. Throws EnvironmentError if it cannot be, and leaves it alone afterwards.
  void publish(const JobState& state, bool last);

  std::string url() const { return endpoint_ ? endpoint_->url() : ""; }  ///< empty: no port
  double cpu_seconds() const {
    return endpoint_ ? endpoint_->cpu_seconds() : 0;
  }  ///< of its thread

 private:
  std::string page();

  std::string file_;
  Stopwatch since_file_;
  std::mutex mutex_;  ///< of what the endpoint's thread reads
  JobState state_;
  std::optional<MetricsEndpoint> endpoint_;  ///< the last member: its thread uses the others
};

}  // namespace shardwright
