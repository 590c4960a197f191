#pragma once

#include "runtime/metrics/step_phase.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// How long every phase took on every rank, over some steps of a job; the same on every rank.
struct PhaseReport {
  std::int64_t steps = 0;            ///< that were added
  std::vector<PhaseMs> ms_of_ranks;  ///< in rank order, each phase's sum over the steps

  /// Milliseconds per step; 0 without steps.
  double mean_ms(std::size_t rank, StepPhase phase) const;
  /// Adds other steps of the same ranks; an empty report takes any.
  PhaseReport& operator+=(const PhaseReport& other);
};

/// A phase's milliseconds per step, compared over the ranks.
struct PhaseSpread {
  double min_ms = 0;
  double mean_ms = 0;
  double max_ms = 0;
  std::size_t slowest = 0;  ///< the rank of max_ms; the first of equals
};

/// All 0 for a report without ranks.
PhaseSpread spread_of(const PhaseReport& report, StepPhase phase);

}  // namespace shardwright
