#include "runtime/trainer/train_summary.hpp"

#include "runtime/comm/collectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace shardwright {
namespace {

using nlohmann::json;

/// Phases that a plan predicts, beside their measured names.
struct PredictedPhase {
  StepPhase measured;
  double PhaseTimes::*predicted;
};
constexpr std::array<PredictedPhase, 5> kPredictedPhases = {{
    {StepPhase::input_exchange, &PhaseTimes::comm_input_ms},
    {StepPhase::lookup, &PhaseTimes::compute_forward_ms},
    {StepPhase::output_exchange, &PhaseTimes::comm_forward_ms},
    {StepPhase::gradient_exchange, &PhaseTimes::comm_backward_ms},
    {StepPhase::update, &PhaseTimes::compute_backward_ms},
}};

std::optional<double> predicted_ms(const TrainSummary& summary, std::size_t phase) {
  for (const PredictedPhase& known : kPredictedPhases) {
    if (summary.predicted && static_cast<std::size_t>(known.measured) == phase) {
      return (*summary.predicted).*known.predicted;
    }
  }
  return std::nullopt;
}

json predicted_json(const TrainSummary& summary) {
  json result = json::object();
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    if (const auto ms = predicted_ms(summary, i)) result[std::string(kStepPhaseNames[i])] = *ms;
  }
  return result.empty() ? json(nullptr) : result;
}

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

std::string or_undefined(const std::optional<double>& value, const char* why) {
  return value ? fmt::format("{:.6f}", *value) : fmt::format("undefined ({})", why);
}

std::string phase_table(const TrainSummary& summary) {
  const double steps = static_cast<double>(std::max<std::int64_t>(summary.steps, 1));
  std::string text =
      fmt::format("{:<18}{:>12}{:>12}{:>12}\n", "ms per step", "mean rank", "slowest", "predicted");
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    const auto predicted = predicted_ms(summary, i);
    text += fmt::format("{:<18}{:>12.3f}{:>12.3f}{:>12}\n", kStepPhaseNames[i],
                        summary.sums.mean_ms[i] / steps, summary.sums.max_ms[i] / steps,
                        predicted ? fmt::format("{:.3f}", *predicted) : "-");
  }
  return text;
}

std::string traffic_line(const TrainSummary& summary) {
  std::string text = "bytes sent per rank and step (largest):";
  const std::int64_t steps = std::max<std::int64_t>(summary.steps, 1);
  for (std::size_t i = 0; i < kStepTrafficNames.size(); ++i) {
    text += fmt::format(" {} {}", kStepTrafficNames[i], summary.sums.max_bytes[i] / steps);
  }
  return text + "\n";
}

}  // namespace

std::optional<PhaseTimes> slowest_phases(std::span<const RankPrediction> ranks) {
  if (ranks.empty()) return std::nullopt;
  PhaseTimes slowest;
  for (const RankPrediction& rank : ranks) {
    for (const PredictedPhase& phase : kPredictedPhases) {
      double& ms = slowest.*phase.predicted;
      ms = std::max(ms, rank.phases.*phase.predicted);
    }
  }
  return slowest;
}

json summary_to_json(const TrainSummary& summary) {
  const RankPlacement& placement = summary.placement;
  return {{"steps", summary.steps},
          {"epochs", summary.epochs},
          {"samples", summary.samples},
          {"seconds", summary.seconds},
          {"samples_per_s", summary.samples_per_s()},
          {"last_loss", or_null(summary.last_loss)},
          {"test_samples", summary.test.samples},
          {"auc", or_null(summary.test.auc)},
          {"log_loss", or_null(summary.test.log_loss)},
          {"phase_ms", phase_ms_json(summary.sums, summary.steps)},
          {"predicted_ms", predicted_json(summary)},
          {"bytes_sent", bytes_sent_json(summary.sums, summary.steps)},
          {"ranks", placement.ranks},
          {"hosts", placement.hosts},
          {"most_ranks_per_host", placement.most_ranks_per_host},
          {"cores_of_that_host", placement.cores_of_that_host},
          {"plan_id", summary.plan_id}};
}

std::string summary_to_text(const TrainSummary& summary) {
  std::string text = fmt::format("{} samples in {} steps, {:.2f} s: {:.0f} samples/s ({})\n",
                                 summary.samples, summary.steps, summary.seconds,
                                 summary.samples_per_s(), describe(summary.placement));
  if (summary.steps > 0) text += phase_table(summary) + traffic_line(summary);
  text += fmt::format("test: {} samples, AUC {}, log loss {}\n", summary.test.samples,
                      or_undefined(summary.test.auc, "it needs samples of both labels"),
                      or_undefined(summary.test.log_loss, "there are no samples"));
  return text;
}

void require_exchange(const TrainSummary& summary, std::int64_t samples_per_step) {
  const std::int64_t ranks = summary.placement.ranks;
  if (ranks == 1 || summary.steps == 0 || samples_per_step < ranks) return;
  const auto& sent = summary.sums.max_bytes;
  const auto exchanged = [&](StepTraffic kind) { return sent[static_cast<std::size_t>(kind)] > 0; };
  if (exchanged(StepTraffic::input) && exchanged(StepTraffic::output) &&
      exchanged(StepTraffic::gradient)) {
    return;
  }
  throw CollectiveError(
      ExitCode::check_failed,
      fmt::format("{} ranks trained for {} steps, but an all-to-all exchange of ids, embeddings or "
                  "gradients sent no bytes: the ranks have not trained one model. {}",
                  ranks, summary.steps, "Please report this with the plan."));
}

}  // namespace shardwright
