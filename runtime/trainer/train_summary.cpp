#include "runtime/trainer/train_summary.hpp"

#include "runtime/trainer/phase_table.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr double kPercent = 100;
constexpr std::size_t kRowsOfComparison = 8;

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

std::string or_undefined(const std::optional<double>& value, const char* why) {
  return value ? fmt::format("{:.6f}", *value) : fmt::format("undefined ({})", why);
}

}  // namespace

json summary_to_json(const TrainSummary& summary) {
  const RankPlacement& placement = summary.placement;
  return {
      {"steps", summary.steps},
      {"epochs", summary.epochs},
      {"samples", summary.samples},
      {"seconds", summary.seconds},
      {"samples_per_s", summary.samples_per_s()},
      {"last_loss", or_null(summary.last_loss)},
      {"test_samples", summary.test.samples},
      {"auc", or_null(summary.test.auc)},
      {"log_loss", or_null(summary.test.log_loss)},
      {"phase_ms", phase_ms_json(summary.sums, summary.measured_steps)},
      {"predicted_ms", predicted_json(summary.predicted)},
      {"bytes_sent", bytes_sent_json(summary.sums, summary.measured_steps)},
      {"device_memory", memory_json(summary.device_memory)},
      {"metrics",
       {{"seconds", summary.metrics.seconds}, {"share_of_step_time", summary.metrics.share()}}},
      {"ranks", placement.ranks},
      {"hosts", placement.hosts},
      {"most_ranks_per_host", placement.most_ranks_per_host},
      {"cores_of_that_host", placement.cores_of_that_host},
      {"plan_check", summary.plan_check ? plan_check_to_json(*summary.plan_check) : json(nullptr)},
      {"plan_id", summary.plan_id},
      {"job_id", summary.job_id}};
}

std::string summary_to_text(const TrainSummary& summary) {
  std::string text = fmt::format("{} samples in {} steps, {:.2f} s: {:.0f} samples/s ({})\n",
                                 summary.samples, summary.steps, summary.seconds,
                                 summary.samples_per_s(), describe(summary.placement));
  if (summary.measured_steps > 0) {
    text += phase_table(summary.sums, summary.measured_steps, summary.predicted) +
            traffic_line(summary.sums, summary.measured_steps);
  }
  if (!summary.device_memory.empty()) {
    text += memory_line(summary.device_memory, "device memory");
  }
  if (summary.metrics.step_seconds > 0) {
    text += fmt::format("metrics: {:.3f} s, {:.2f} % of the steps' time\n", summary.metrics.seconds,
                        kPercent * summary.metrics.share());
  }
  if (summary.plan_check) text += plan_check_to_text(*summary.plan_check, kRowsOfComparison);
  text += fmt::format("test: {} samples, AUC {}, log loss {}\n", summary.test.samples,
                      or_undefined(summary.test.auc, "it needs samples of both labels"),
                      or_undefined(summary.test.log_loss, "there are no samples"));
  return text;
}

}  // namespace shardwright
