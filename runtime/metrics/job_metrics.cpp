#include "runtime/metrics/job_metrics.hpp"

#include <utility>

namespace shardwright {

JobMetrics::JobMetrics(const MetricsOptions& options, std::int64_t num_steps)
    : options_(options), num_steps_(num_steps) {}

void JobMetrics::open_file(const std::string& folder) { file_.emplace(folder); }

void JobMetrics::start_after(std::int64_t bytes) {
  if (file_) file_->start_after(bytes);
}

bool JobMetrics::is_due(std::int64_t step) const {
  return (step + 1) % options_.every == 0 || step + 1 == num_steps_;
}

void JobMetrics::add(const TakenStep& step, const StepStatistics& statistics) {
  if (!file_) return;
  add_step(unreported_, step, statistics);
  if (is_due(step.step)) report(std::exchange(unreported_, {}));
}

void JobMetrics::report(const StepMetrics& metrics) { file_->add_line(step_line(metrics)); }

void JobMetrics::add_event(const nlohmann::json& event) {
  if (file_) file_->add(event);
}

void JobMetrics::write_pending() {
  if (file_) file_->write_pending();
}

}  // namespace shardwright
