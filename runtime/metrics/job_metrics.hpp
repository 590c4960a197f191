#pragma once

#include "runtime/metrics/metrics_options.hpp"
#include "runtime/metrics/step_metrics.hpp"
#include "runtime/trainer/metrics_file.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace shardwright {

/// What a training job writes of itself while it runs. Every rank has one, to know which steps are
/// reported; rank 0's alone writes. Nothing here communicates: a rank's figures of a step reach
/// rank 0 with what the ranks tell each other after every step anyway.
class JobMetrics {
 public:
  /// `num_steps`: of the whole job; a report follows the last one whatever `options` say.
  JobMetrics(const MetricsOptions& options, std::int64_t num_steps);

  /// From here on metrics.jsonl is written to this folder. Throws EnvironmentError, as MetricsFile.
  void open_file(const std::string& folder);
  /// MetricsFile::start_after(); nothing without a file. Throws EnvironmentError.
  void start_after(std::int64_t bytes);
  std::int64_t bytes() const { return file_ ? file_->bytes() : 0; }  ///< of metrics.jsonl so far

  /// Whether a report follows step `step`, from 0.
  bool is_due(std::int64_t step) const;
  /// Every step, in their order.
  void add(const TakenStep& step, const StepStatistics& statistics);
  /// A line of metrics.jsonl besides steps.
  void add_event(const nlohmann::json& event);
  /// Brings to disk what was added. Throws EnvironmentError.
  void write_pending();

 private:
  void report(const StepMetrics& metrics);

  MetricsOptions options_;
  std::int64_t num_steps_;
  std::optional<MetricsFile> file_;
  StepMetrics unreported_;
};

}  // namespace shardwright
