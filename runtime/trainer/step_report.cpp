#include "runtime/trainer/step_report.hpp"

#include <algorithm>
#include <string>

namespace shardwright {
namespace {

template <class Value, std::size_t N>
void add(std::array<Value, N>& sums, const std::array<Value, N>& values) {
  for (std::size_t i = 0; i < N; ++i) sums[i] += values[i];
}

template <class Value, std::size_t N>
void raise(std::array<Value, N>& most, const std::array<Value, N>& values) {
  for (std::size_t i = 0; i < N; ++i) most[i] = std::max(most[i], values[i]);
}

}  // namespace

StepStatistics& StepStatistics::operator+=(const StepStatistics& other) {
  loss_sum += other.loss_sum;
  add(mean_ms, other.mean_ms);
  add(max_ms, other.max_ms);
  seconds += other.seconds;
  bytes_of_ranks.resize(std::max(bytes_of_ranks.size(), other.bytes_of_ranks.size()));
  for (std::size_t r = 0; r < other.bytes_of_ranks.size(); ++r) {
    add(bytes_of_ranks[r], other.bytes_of_ranks[r]);
  }
  add(max_bytes, other.max_bytes);
  phases += other.phases;
  resident_bytes = other.resident_bytes;
  fullest = other.fullest;
  return *this;
}

void add_phases(const EmbeddingPhases& phases, StepReport& report) {
  report.ms(StepPhase::input_exchange) = phases.input_exchange_ms;
  report.ms(StepPhase::lookup) = phases.lookup_ms;
  report.ms(StepPhase::output_exchange) = phases.output_exchange_ms;
  report.ms(StepPhase::gradient_exchange) = phases.gradient_exchange_ms;
  report.ms(StepPhase::update) = phases.update_ms;
  report.bytes(StepTraffic::input) = phases.input_bytes;
  report.bytes(StepTraffic::output) = phases.output_bytes;
  report.bytes(StepTraffic::gradient) = phases.gradient_bytes;
}

StepStatistics statistics_of(std::span<const StepReport> ranks) {
  StepStatistics statistics;
  statistics.phases.steps = 1;
  for (const StepReport& report : ranks) {
    statistics.loss_sum += report.loss_sum;
    statistics.wants_checkpoint = statistics.wants_checkpoint || report.wants_checkpoint;
    statistics.seconds = std::max(statistics.seconds, report.seconds);
    statistics.bytes_of_ranks.push_back(report.bytes_sent);
    add(statistics.mean_ms, report.phase_ms);
    raise(statistics.max_ms, report.phase_ms);
    raise(statistics.max_bytes, report.bytes_sent);
    if (report.resident_bytes > statistics.resident_bytes) {
      statistics.resident_bytes = report.resident_bytes;
      statistics.fullest = statistics.phases.ms_of_ranks.size();
    }
    statistics.phases.ms_of_ranks.push_back(report.phase_ms);
  }
  for (double& ms : statistics.mean_ms) ms /= static_cast<double>(ranks.size());
  return statistics;
}

nlohmann::json phase_ms_json(const StepStatistics& sums, std::int64_t steps) {
  const auto count = static_cast<double>(std::max<std::int64_t>(steps, 1));
  nlohmann::json json = nlohmann::json::object();
  for (std::size_t i = 0; i < kStepPhaseNames.size(); ++i) {
    json[std::string(kStepPhaseNames[i])] = {{"mean", sums.mean_ms[i] / count},
                                             {"max", sums.max_ms[i] / count}};
  }
  return json;
}

nlohmann::json bytes_sent_json(const StepStatistics& sums, std::int64_t steps) {
  const std::int64_t count = std::max<std::int64_t>(steps, 1);
  nlohmann::json json = nlohmann::json::object();
  for (std::size_t i = 0; i < kStepTrafficNames.size(); ++i) {
    const std::string name(kStepTrafficNames[i]);
    std::vector<std::int64_t> of_ranks;
    for (const auto& bytes : sums.bytes_of_ranks) of_ranks.push_back(bytes[i] / count);
    json[name] = of_ranks.empty() ? 0 : of_ranks.front();
    json[name + "_max"] = sums.max_bytes[i] / count;
    json[name + "_ranks"] = of_ranks;
  }
  return json;
}

}  // namespace shardwright
