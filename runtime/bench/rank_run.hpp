#pragma once

#include "planner/plan.hpp"
#include "runtime/bench/bench.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace shardwright {

/// One rank's measurement of one step.
struct StepTimes {
  StepReport report;
  double ms = 0;
};

/// A rank's steps without a phase.
struct TimesWithout {
  StepPhase phase{};
  std::vector<StepTimes> times;
};

/// What a rank finds in its own steps.
struct RankRun {
  std::vector<StepTimes> times;
  std::vector<TimesWithout> without;
  std::int64_t device_bytes = 0;
  std::optional<DeviceFigures> device;
};

/// Takes the steps that the options ask for on synthetic batches, made between them. Blocks.
RankRun run_steps(Communicator& comm, const Plan& plan, const BenchOptions& options);

}  // namespace shardwright
