#pragma once

#include "planner/plan.hpp"
#include "runtime/bench/device_rates.hpp"
#include "runtime/bench/exposed_exchanges.hpp"
#include "runtime/trainer/memory_measurement.hpp"
#include "runtime/trainer/rank_placement.hpp"
#include "runtime/trainer/step_report.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// The value that a share of the values does not exceed; 0.5: the median. There must be one.
double quantile(std::vector<double> values, double share);

/// What `shardwright bench` finds; the same on every rank.
struct BenchResult {
  std::int64_t batch_size = 0;
  std::vector<double> step_ms;            ///< one per step, in order
  std::int64_t steps_taken = 0;           ///< of which these are, with patience, the quiet ones
  StepStatistics sums;                    ///< over steps
  std::optional<PhaseTimes> predicted;    ///< of the slowest rank per phase
  std::vector<MemoryMeasurement> memory;  ///< one per rank: resident set, or device memory; or none
  MachineProbe probe;                     ///< of the ranks' processors; only with patience
  std::vector<DeviceRates> device;        ///< one per rank; none on CPUs
  bool with_dense = false;
  bool took_turns = false;
  bool overlap = false;                    ///< of exchanges and computing
  std::vector<StepsWithout> without = {};  ///< if that was asked for
  RankPlacement placement;
  std::string cost_model;
  std::string plan_id;

  std::int64_t steps() const { return std::ssize(step_ms); }
  double seconds() const;  ///< of all steps
  double samples_per_s() const;
  double mean_ms() const;  ///< of a step
  /// Of the step times; 0 without steps.
  double quantile_ms(double share) const;
};

/// "4 ranks share 2 cores; times are upper bounds": where the ranks ran, and what that does to
/// times.
std::string placement_text(const BenchResult& result);

/// What the processors did meanwhile, as `rate --probe` takes it; ends in a newline. Empty:
/// unknown.
std::string probe_line(const MachineProbe& probe);

/// The document of `bench --json`.
nlohmann::json bench_to_json(const BenchResult& result);
/// The same for people; ends in a newline.
std::string bench_to_text(const BenchResult& result);

}  // namespace shardwright
