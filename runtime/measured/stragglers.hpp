#pragma once

#include "planner/plan.hpp"
#include "runtime/measured/predicted_phases.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// A rank that takes longer for its own work than the plan and the other ranks let expect.
struct Straggler {
  RankId rank{0};
  StepPhase phase = StepPhase::lookup;
  double measured_ms = 0;
  double expected_ms = 0;  ///< the prediction, were it as far off as the others' are (median)
  bool operator==(const Straggler&) const = default;
};

/// Those that take over 1.5 times what is expected and lose over 5 % of the slowest rank's step by
/// it, the most lost first. Looked at are `lookup` and `update`, against the prediction, and
/// `dense`, which is the same work on all ranks: exchanges take as long as the ranks that come
/// late. `predicted` is empty or has as many ranks as `measured`; without it `dense` alone tells.
std::vector<Straggler> find_stragglers(std::span<const RankPrediction> predicted,
                                       std::span<const PhaseMs> measured);

}  // namespace shardwright
