#pragma once

#include "planner/plan.hpp"
#include "runtime/measured/predicted_phases.hpp"
#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// One phase of one rank, in milliseconds on an axis that all ranks share.
struct PhaseSpan {
  RankId rank{0};
  StepPhase phase = StepPhase::read;
  double begin_ms = 0;
  double duration_ms = 0;
};

/// A step as the plan has it, from 0: each phase begins on all ranks when the slowest has ended the
/// one before it, as phases end in exchanges that wait. Ordered by phase, then rank.
std::vector<PhaseSpan> predicted_timeline(std::span<const RankPrediction> ranks);

/// Lays measured steps one after the other on the axis. Ranks' clocks are not compared: all leave
/// the agreement that ends `read` together, and there their phases are laid side by side.
class MeasuredTimeline {
 public:
  explicit MeasuredTimeline(std::int64_t ranks) : ends_ms_(static_cast<std::size_t>(ranks)) {}

  struct Step {
    double after_read_ms = 0;  ///< where the ranks' steps are laid side by side
    std::vector<PhaseSpan> spans;
  };
  /// Of a step of all ranks that ended on rank 0 at `end_ms`; later where it would begin before the
  /// end of the one before. Ordered by rank, then phase.
  Step add(std::span<const StepReport> ranks, double end_ms);

 private:
  std::vector<double> ends_ms_;
};

}  // namespace shardwright
