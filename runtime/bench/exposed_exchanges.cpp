#include "runtime/bench/exposed_exchanges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace shardwright {
namespace {

constexpr std::array kExchanges = {StepPhase::input_exchange, StepPhase::output_exchange,
                                   StepPhase::gradient_exchange, StepPhase::dense_all_reduce};

std::string_view name_of(StepPhase phase) {
  return kStepPhaseNames[static_cast<std::size_t>(phase)];
}

}  // namespace

double exposed_exchange_ms(const StepStatistics& sums, std::int64_t steps) {
  double ms = 0;
  for (const StepPhase phase : kExchanges) ms += sums.mean_ms[static_cast<std::size_t>(phase)];
  return ms / static_cast<double>(std::max<std::int64_t>(steps, 1));
}

double exposed_exchange_share(const StepStatistics& sums, std::int64_t steps, double step_ms) {
  return step_ms > 0 ? exposed_exchange_ms(sums, steps) / step_ms : 0;
}

std::string exposed_exchange_line(const StepStatistics& sums, std::int64_t steps, double step_ms,
                                  bool overlap) {
  return fmt::format("exchanges beside computing: {:.3f} ms of a step, {:.1f} % ({} overlap)\n",
                     exposed_exchange_ms(sums, steps),
                     100 * exposed_exchange_share(sums, steps, step_ms),
                     overlap ? "with" : "without");
}

nlohmann::json without_json(std::span<const StepsWithout> without) {
  if (without.empty()) return nullptr;
  nlohmann::json result = nlohmann::json::object();
  for (const StepsWithout& steps : without) result[name_of(steps.phase)] = steps.median_ms;
  return result;
}

std::string without_table(std::span<const StepsWithout> without, double step_ms) {
  if (without.empty()) return "";
  std::string text = fmt::format("{:<18}{:>12}{:>12}\n", "step without", "ms", "saves");
  for (const StepsWithout& steps : without) {
    text += fmt::format("{:<18}{:>12.3f}{:>12.3f}\n", name_of(steps.phase), steps.median_ms,
                        step_ms - steps.median_ms);
  }
  return text;
}

}  // namespace shardwright
