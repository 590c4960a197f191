#pragma once

#include "costmodel/cost_model.hpp"
#include "runtime/metrics/step_phase.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace shardwright {

inline double& ms_of(PhaseMs& phases, StepPhase phase) {
  return phases[static_cast<std::size_t>(phase)];
}
inline double ms_of(const PhaseMs& phases, StepPhase phase) {
  return phases[static_cast<std::size_t>(phase)];
}
inline std::string_view name_of(StepPhase phase) {
  return kStepPhaseNames[static_cast<std::size_t>(phase)];
}

/// A phase that plans predict, by its measured and its predicted name.
struct PredictedPhase {
  StepPhase measured;
  double PhaseTimes::*predicted;
  bool communication;  ///< ends when the slowest rank has come, so that its time holds waiting
};

/// In the order in which a step goes through them.
inline constexpr std::array<PredictedPhase, 5> kPredictedPhases = {{
    {StepPhase::input_exchange, &PhaseTimes::comm_input_ms, true},
    {StepPhase::lookup, &PhaseTimes::compute_forward_ms, false},
    {StepPhase::output_exchange, &PhaseTimes::comm_forward_ms, true},
    {StepPhase::gradient_exchange, &PhaseTimes::comm_backward_ms, true},
    {StepPhase::update, &PhaseTimes::compute_backward_ms, false},
}};

}  // namespace shardwright
