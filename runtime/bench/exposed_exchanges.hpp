#pragma once

#include "runtime/trainer/step_report.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace shardwright {

/// Steps that left out one of their phases.
struct StepsWithout {
  StepPhase phase{};
  double median_ms = 0;
};

/// What the exchanges of a step take beside computing: milliseconds of input_exchange,
/// output_exchange, gradient_exchange and dense_all_reduce, of the mean rank. Copies to and from
/// messages count; what ranks exchange while they compute does not.
double exposed_exchange_ms(const StepStatistics& sums, std::int64_t steps);
/// The same over the time of a step.
double exposed_exchange_share(const StepStatistics& sums, std::int64_t steps, double step_ms);
/// "exchanges beside computing: 1.2 ms of a step, 12.3 % (with overlap)", with a newline.
std::string exposed_exchange_line(const StepStatistics& sums, std::int64_t steps, double step_ms,
                                  bool overlap);

/// {"lookup": ms of a step without it, …}; null if there are none.
nlohmann::json without_json(std::span<const StepsWithout> without);
/// A line for each: what a step takes without the phase, beside `step_ms` with it. Empty if there
/// are none.
std::string without_table(std::span<const StepsWithout> without, double step_ms);

}  // namespace shardwright
