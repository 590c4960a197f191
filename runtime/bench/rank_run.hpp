#pragma once

#include "planner/plan.hpp"
#include "runtime/bench/bench.hpp"
#include "runtime/bench/disturbance.hpp"
#include "runtime/bench/step_times.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// A rank's steps without a phase.
struct TimesWithout {
  StepPhase phase{};
  std::vector<StepTimes> times;
};

/// What a rank finds in its own steps.
struct RankRun {
  std::vector<StepTimes> times;
  std::vector<TimesWithout> without;
  std::int64_t device_bytes = 0;  ///< peak of all plans; only with `device`
  std::optional<DeviceFigures> device;
};

/// Takes the steps that the options ask for on synthetic batches, made between them; with patience,
/// further ones until enough are quiet, told by `disturbance`. Several plans take a step each in
/// turns, another one first every time; what disturbed one of them disturbed the turn. One run for
/// each plan. Blocks.
std::vector<RankRun> run_steps(Communicator& comm, std::span<const Plan> plans,
                               const BenchOptions& options, Disturbance* disturbance);

}  // namespace shardwright
