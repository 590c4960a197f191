#include "runtime/bench/bench_result.hpp"

#include "costmodel/machine_probe_json.hpp"
#include "runtime/trainer/phase_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shardwright {
namespace {

using nlohmann::json;

constexpr double kLow = 0.1;
constexpr double kMedian = 0.5;
constexpr double kHigh = 0.9;

std::optional<double> predicted_step_ms(const BenchResult& result) {
  if (!result.predicted) return std::nullopt;
  return result.predicted->total_ms();
}

std::string step_line(const BenchResult& result) {
  std::string text = fmt::format(
      "{:.0f} samples/s; a step of {} samples takes {:.3f} ms (median of {}{}; a tenth "
      "under {:.3f}, a tenth over {:.3f})",
      result.samples_per_s(), result.batch_size, result.quantile_ms(kMedian), result.steps(),
      result.steps() < result.steps_taken
          ? fmt::format(", the least disturbed of {}", result.steps_taken)
          : "",
      result.quantile_ms(kLow), result.quantile_ms(kHigh));
  if (const auto ms = predicted_step_ms(result)) {
    text += fmt::format(", predicted {:.3f} ms", *ms);
  }
  return text + "\n";
}

}  // namespace

std::string probe_line(const MachineProbe& probe) {
  if (!probe.known()) return "";
  return fmt::format("processor meanwhile: probe {}\n", to_string(probe));
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(place, 1.0)) - 1];
}

double BenchResult::seconds() const {
  return std::accumulate(step_ms.begin(), step_ms.end(), 0.0) * 1e-3;
}

double BenchResult::samples_per_s() const {
  const double time = seconds();
  return time > 0 ? static_cast<double>(batch_size * steps()) / time : 0;
}

double BenchResult::mean_ms() const {
  return step_ms.empty() ? 0 : 1e3 * seconds() / static_cast<double>(steps());
}

double BenchResult::quantile_ms(double share) const {
  return step_ms.empty() ? 0 : quantile(step_ms, share);
}

json bench_to_json(const BenchResult& result) {
  const RankPlacement& placement = result.placement;
  const auto predicted = predicted_step_ms(result);
  const double mean_ms = result.mean_ms();
  return {{"steps", result.steps()},
          {"steps_taken", result.steps_taken},
          {"batch_size", result.batch_size},
          {"samples_per_s", result.samples_per_s()},
          {"step_ms",
           {{"median", result.quantile_ms(kMedian)},
            {"p10", result.quantile_ms(kLow)},
            {"p90", result.quantile_ms(kHigh)}}},
          {"predicted_step_ms", predicted ? json(*predicted) : json(nullptr)},
          {"phase_ms", phase_ms_json(result.sums, result.steps())},
          {"exposed_exchange_ms", exposed_exchange_ms(result.sums, result.steps())},
          {"exposed_exchange_share", exposed_exchange_share(result.sums, result.steps(), mean_ms)},
          {"without_ms", without_json(result.without)},
          {"overlap", result.overlap},
          {"predicted_ms", predicted_json(result.predicted)},
          {"bytes_sent", bytes_sent_json(result.sums, result.steps())},
          {"memory", memory_json(result.memory)},
          {"device", device_rates_json(result.device)},
          {"probe", result.probe.known() ? probe_to_json(result.probe) : json(nullptr)},
          {"dense", result.with_dense},
          {"composed_from_turns", result.took_turns},
          {"ranks", placement.ranks},
          {"hosts", placement.hosts},
          {"most_ranks_per_host", placement.most_ranks_per_host},
          {"cores_of_that_host", placement.cores_of_that_host},
          {"cost_model", result.cost_model},
          {"plan_id", result.plan_id}};
}

std::string placement_text(const BenchResult& result) {
  std::string text = describe(result.placement);
  if (result.took_turns) {
    text += "; they took turns, and a step is the sum of its phases, each that of its slowest rank";
  } else if (result.placement.shares_cores()) {
    text += "; times are upper bounds";
  }
  return text;
}

std::string bench_to_text(const BenchResult& result) {
  std::string text =
      step_line(result) + placement_text(result) +
      fmt::format("\npredicted by cost model {}{}\n", result.cost_model,
                  result.with_dense ? ", which knows nothing of the dense part" : "");
  return text + phase_table(result.sums, result.steps(), result.predicted) +
         exposed_exchange_line(result.sums, result.steps(), result.mean_ms(), result.overlap) +
         without_table(result.without, result.quantile_ms(kMedian)) +
         traffic_line(result.sums, result.steps()) + probe_line(result.probe) +
         memory_line(result.memory, result.device.empty() ? "memory" : "device memory") +
         device_rates_text(result.device);
}

}  // namespace shardwright
