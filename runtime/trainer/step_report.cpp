#include "runtime/trainer/step_report.hpp"

#include "runtime/trainer/gather.hpp"

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
  add(bytes_of_rank_0, other.bytes_of_rank_0);
  add(max_bytes, other.max_bytes);
  return *this;
}

StepStatistics gather_statistics(Communicator& comm, const StepReport& mine) {
  const std::vector<StepReport> reports = gather(comm, mine);
  StepStatistics statistics;
  statistics.bytes_of_rank_0 = reports.front().bytes_sent;
  for (const StepReport& report : reports) {
    statistics.loss_sum += report.loss_sum;
    add(statistics.mean_ms, report.phase_ms);
    raise(statistics.max_ms, report.phase_ms);
    raise(statistics.max_bytes, report.bytes_sent);
  }
  for (double& ms : statistics.mean_ms) ms /= static_cast<double>(reports.size());
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
    json[name] = sums.bytes_of_rank_0[i] / count;
    json[name + "_max"] = sums.max_bytes[i] / count;
  }
  return json;
}

}  // namespace shardwright
