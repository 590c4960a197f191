#include "runtime/metrics/prometheus_text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

namespace shardwright {
namespace {

using Text = fmt::memory_buffer;

constexpr double kMsPerSecond = 1000;

template <class... Values>
void append(Text& text, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Values>(values)...);
}

void describe(Text& text, std::string_view name, std::string_view type, std::string_view help) {
  append(text, "# HELP shardwright_{} {}\n# TYPE shardwright_{} {}\n", name, help, name, type);
}

/// A metric without labels.
template <class Value>
void single(Text& text, std::string_view name, std::string_view type, std::string_view help,
            Value value) {
  describe(text, name, type, help);
  append(text, "shardwright_{} {}\n", name, value);
}

void append_job(Text& text, const JobState& state) {
  describe(text, "job_info", "gauge", "What the job is called; always 1.");
  append(text, "shardwright_job_info{{job_id=\"{}\",plan_id=\"{}\",output=\"{}\"}} 1\n",
         escape_label(state.names.job_id), escape_label(state.names.plan_id),
         escape_label(state.names.output));
  single(text, "ranks", "gauge", "Ranks of the job.", state.ranks);
  single(text, "job_steps", "gauge", "Steps that the whole job takes.", state.num_steps);
  single(text, "samples_total", "counter", "Samples trained on since the job was started.",
         state.samples);
  single(text, "metrics_seconds_total", "counter",
         "Seconds that rank 0 has spent on metrics since the job was started.",
         state.metrics_seconds);
}

void append_step(Text& text, const StepMetrics& latest) {
  single(text, "steps_total", "counter",
         "Steps taken, those before a checkpoint that was gone on from too.", latest.last.step + 1);
  single(text, "epoch", "gauge", "Epoch of the last step, from 0.", latest.last.epoch);
  single(text, "loss", "gauge", "Loss of the last step.", latest.last.loss);
  single(text, "loss_mean", "gauge", "Mean loss of the steps of the last report.",
         latest.loss_mean);
  single(text, "learning_rate", "gauge", "Learning rate of the last step.",
         latest.last.learning_rate);
  single(text, "samples_per_second", "gauge",
         "Samples a second over the steps of the last report, all ranks together.",
         latest.samples_per_s());
  if (latest.sums.resident_bytes == 0) return;
  single(text, "resident_max_bytes", "gauge", "Resident memory of the fullest rank.",
         latest.sums.resident_bytes);
  single(text, "resident_fullest_rank", "gauge", "The rank with most resident memory.",
         latest.sums.fullest);
}

void append_phases(Text& text, const JobState& state) {
  describe(text, "phase_seconds_total", "counter",
           "Seconds in each phase of the steps since the job was started.");
  const auto& ranks = state.totals.phases.ms_of_ranks;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
      append(text, "shardwright_phase_seconds_total{{phase=\"{}\",rank=\"{}\"}} {}\n",
             kStepPhaseNames[i], rank, ranks[rank][i] / kMsPerSecond);
    }
  }
  describe(text, "phase_slowest_rank", "gauge",
           "The rank that took longest for the phase, over the steps of the last report.");
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    append(text, "shardwright_phase_slowest_rank{{phase=\"{}\"}} {}\n", kStepPhaseNames[i],
           spread_of(state.latest.sums.phases, static_cast<StepPhase>(i)).slowest);
  }
}

void append_traffic(Text& text, const StepStatistics& totals) {
  describe(text, "sent_bytes_total", "counter",
           "Bytes sent to other ranks in steps since the job was started.");
  for (std::size_t rank = 0; rank < totals.bytes_of_ranks.size(); ++rank) {
    for (std::size_t i = 0; i < kStepTrafficNames.size(); ++i) {
      append(text, "shardwright_sent_bytes_total{{kind=\"{}\",rank=\"{}\"}} {}\n",
             kStepTrafficNames[i], rank, totals.bytes_of_ranks[rank][i]);
    }
  }
}

void append_test(Text& text, const BinaryMetrics& test) {
  if (test.auc) {
    single(text, "test_auc", "gauge", "AUC of the last evaluation on the test part.", *test.auc);
  }
  if (test.log_loss) {
    single(text, "test_log_loss", "gauge", "Log loss of the last evaluation on the test part.",
           *test.log_loss);
  }
}

}  // namespace

std::string escape_label(std::string_view value) {
  std::string escaped;
  for (const char letter : value) {
    if (letter == '\n') {
      escaped += "\\n";
      continue;
    }
    if (letter == '\\' || letter == '"') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

std::string prometheus_text(const JobState& state) {
  Text text;
  append_job(text, state);
  if (state.latest.steps > 0) {
    append_step(text, state.latest);
    append_phases(text, state);
    append_traffic(text, state.totals);
  }
  if (state.test) append_test(text, *state.test);
  return fmt::to_string(text);
}

}  // namespace shardwright
