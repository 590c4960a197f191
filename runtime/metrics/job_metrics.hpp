#pragma once

#include "runtime/metrics/job_state.hpp"
#include "runtime/metrics/metrics_cost.hpp"
#include "runtime/metrics/metrics_options.hpp"
#include "runtime/metrics/prometheus.hpp"
#include "runtime/metrics/step_metrics.hpp"
#include "runtime/metrics/tensorboard.hpp"
#include "runtime/trainer/metrics_file.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace shardwright {

/// What a training job writes of itself while it runs. Every rank has one, to know which steps are
/// reported; rank 0's alone writes, once it has been opened. Nothing here communicates: a rank's
/// figures of a step reach rank 0 with what the ranks tell each other after every step anyway.
class JobMetrics {
 public:
  using Say = std::function<void(const std::string& sentence)>;

  /// `num_steps`: of the whole job; a report follows the last one whatever `options` say.
  JobMetrics(const MetricsOptions& options, std::int64_t num_steps, Say say);

  /// From here on all that `options` name is written, and metrics.jsonl to names.output, if that is
  /// given. Throws EnvironmentError or UsageError.
  void open(const JobNames& names, std::int64_t ranks);
  /// MetricsFile::start_after(); nothing without a file. Throws EnvironmentError.
  void start_after(std::int64_t bytes);
  std::int64_t bytes() const { return file_ ? file_->bytes() : 0; }  ///< of metrics.jsonl so far

  /// What a rank adds to its report of a step, before the ranks exchange them.
  void measure(std::int64_t step, StepReport& report);
  /// Every step, in their order.
  void add(const TakenStep& step, const StepStatistics& statistics);
  /// After `steps` steps, of which the last was in `epoch`.
  void add_evaluation(std::int64_t epoch, std::int64_t steps, const BinaryMetrics& test);
  /// A line of metrics.jsonl besides steps and evaluations.
  void add_event(const nlohmann::json& event);
  /// Brings metrics.jsonl's lines to disk. Throws EnvironmentError.
  void write_pending();
  /// Counts what `work` takes as time spent on metrics too.
  template <class Work>
  void count(Work work) {
    const TimeSpent time(cost_.seconds);
    work();
  }
  /// After the last step: the other files as they will stay.
  void finish();

  /// On this rank, so far.
  MetricsCost cost() const;

 private:
  bool is_due(std::int64_t step) const;  ///< whether a report follows it
  void report(const StepMetrics& metrics);
  void publish(bool last);
  /// A job is worth more than a look at it: an error is told, and the job goes on.
  void try_to(const std::function<void()>& write);

  MetricsOptions options_;
  Say say_;
  MetricsCost cost_;
  StepMetrics unreported_;
  JobState state_;
  std::optional<MetricsFile> file_;
  std::optional<Prometheus> prometheus_;
  std::optional<TensorBoard> tensorboard_;
};

}  // namespace shardwright
