#include "runtime/metrics/step_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace shardwright {
namespace {

// Written without a JSON library, whose tree of values takes longer to build than to write: there
// is a line per step, and there are steps of a millisecond. All numbers are finite; fmt gives them
// all their digits.
using Line = fmt::memory_buffer;

template <class... Values>
void append(Line& line, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(line), format, std::forward<Values>(values)...);
}

void append_phases(Line& line, const PhaseReport& phases) {
  append(line, R"(,"phase_ms":{{)");
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    const PhaseSpread ms = spread_of(phases, static_cast<StepPhase>(i));
    append(line, R"({}"{}":{{"min":{},"mean":{},"max":{},"slowest":{}}})", i > 0 ? "," : "",
           kStepPhaseNames[i], ms.min_ms, ms.mean_ms, ms.max_ms, ms.slowest);
  }
  append(line, "}}");
}

/// Means per step; {"input" (rank 0's), "input_max", "input_ranks" (all), "output", …}.
void append_bytes(Line& line, const StepMetrics& metrics) {
  const std::int64_t steps = std::max<std::int64_t>(metrics.steps, 1);
  append(line, R"(,"bytes_sent":{{)");
  for (std::size_t i = 0; i < kStepTrafficNames.size(); ++i) {
    const auto& ranks = metrics.sums.bytes_of_ranks;
    append(line, R"({}"{}":{},"{}_max":{},"{}_ranks":[)", i > 0 ? "," : "", kStepTrafficNames[i],
           ranks.empty() ? 0 : ranks.front()[i] / steps, kStepTrafficNames[i],
           metrics.sums.max_bytes[i] / steps, kStepTrafficNames[i]);
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
      append(line, "{}{}", rank > 0 ? "," : "", ranks[rank][i] / steps);
    }
    append(line, "]");
  }
  append(line, "}}");
}

void append_memory(Line& line, const StepMetrics& metrics) {
  if (metrics.sums.resident_bytes == 0) return append(line, R"(,"resident_bytes":null)");
  append(line, R"(,"resident_bytes":{{"max":{},"fullest":{}}})", metrics.sums.resident_bytes,
         metrics.sums.fullest);
}

}  // namespace

void add_step(StepMetrics& metrics, const TakenStep& step, const StepStatistics& statistics) {
  metrics.last = step;
  ++metrics.steps;
  metrics.loss_mean += (step.loss - metrics.loss_mean) / static_cast<double>(metrics.steps);
  metrics.samples += step.samples;
  metrics.sums += statistics;
}

std::string step_line(const StepMetrics& metrics) {
  Line line;
  append(line, R"({{"event":"step","epoch":{},"step":{},"steps":{},"loss":{},"loss_mean":{})",
         metrics.last.epoch, metrics.last.step, metrics.steps, metrics.last.loss,
         metrics.loss_mean);
  append(line, R"(,"learning_rate":{},"samples":{},"samples_per_s":{})", metrics.last.learning_rate,
         metrics.samples, metrics.samples_per_s());
  append_phases(line, metrics.sums.phases);
  append_bytes(line, metrics);
  append_memory(line, metrics);
  append(line, "}}\n");
  return fmt::to_string(line);
}

}  // namespace shardwright
