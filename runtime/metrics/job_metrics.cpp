#include "runtime/metrics/job_metrics.hpp"

#include "costmodel/errors.hpp"
#include "runtime/metrics/resident_bytes.hpp"

#include <fmt/format.h>

#include <utility>

namespace shardwright {

JobMetrics::JobMetrics(const MetricsOptions& options, std::int64_t num_steps, Say say)
    : options_(options), say_(std::move(say)) {
  state_.num_steps = num_steps;
}

void JobMetrics::open(const JobNames& names, std::int64_t ranks) {
  state_.names = names;
  state_.ranks = ranks;
  if (!names.output.empty()) file_.emplace(names.output);
  if (!options_.tensorboard.empty()) tensorboard_.emplace(options_.tensorboard);
  if (options_.file.empty() && !options_.port) return;
  prometheus_.emplace(options_, state_);
  if (options_.port) say_(fmt::format("Metrics are served at {}.", prometheus_->url()));
}

void JobMetrics::start_after(std::int64_t bytes) {
  if (file_) file_->start_after(bytes);
}

bool JobMetrics::is_due(std::int64_t step) const {
  return (step + 1) % options_.every == 0 || step + 1 == state_.num_steps;
}

void JobMetrics::measure(std::int64_t step, StepReport& report) {
  const TimeSpent time(cost_.seconds);
  if (is_due(step)) report.resident_bytes = resident_bytes();
}

void JobMetrics::add(const TakenStep& step, const StepStatistics& statistics) {
  const TimeSpent time(cost_.seconds);
  cost_.step_seconds += statistics.seconds;
  if (!file_ && !prometheus_ && !tensorboard_) return;
  add_step(unreported_, step, statistics);
  if (is_due(step.step)) report(std::exchange(unreported_, {}));
}

void JobMetrics::report(const StepMetrics& metrics) {
  if (file_) file_->add_line(step_line(metrics));
  if (tensorboard_) tensorboard_->add(metrics);
  state_.latest = metrics;
  state_.samples += metrics.samples;
  state_.totals += metrics.sums;
  publish(false);
}

void JobMetrics::publish(bool last) {
  state_.metrics_seconds = cost().seconds;
  if (prometheus_) try_to([&] { prometheus_->publish(state_, last); });
  if (tensorboard_) try_to([&] { tensorboard_->write(last); });
}

void JobMetrics::try_to(const std::function<void()>& write) {
  try {
    write();
  } catch (const EnvironmentError& error) {
    say_(fmt::format("Training goes on without some of its metrics. {}", error.what()));
  }
}

void JobMetrics::add_evaluation(std::int64_t epoch, std::int64_t steps, const BinaryMetrics& test) {
  const TimeSpent time(cost_.seconds);
  state_.test = test;
  nlohmann::json event = {
      {"event", "evaluation"}, {"epoch", epoch}, {"steps", steps}, {"samples", test.samples}};
  event["auc"] = test.auc ? nlohmann::json(*test.auc) : nlohmann::json();
  event["log_loss"] = test.log_loss ? nlohmann::json(*test.log_loss) : nlohmann::json();
  if (file_) file_->add(event);
  if (tensorboard_) tensorboard_->add(steps, test);
  publish(false);
}

void JobMetrics::add_event(const nlohmann::json& event) {
  if (file_) file_->add(event);
}

void JobMetrics::write_pending() {
  const TimeSpent time(cost_.seconds);
  if (file_) file_->write_pending();
}

void JobMetrics::finish() { publish(true); }

MetricsCost JobMetrics::cost() const {
  MetricsCost cost = cost_;
  if (prometheus_) cost.seconds += prometheus_->cpu_seconds();
  return cost;
}

}  // namespace shardwright
