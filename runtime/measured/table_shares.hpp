#pragma once

#include "planner/plan.hpp"
#include "runtime/measured/predicted_phases.hpp"

#include <optional>
#include <vector>

namespace shardwright {

/// What each table of a plan has of each rank's phases, each priced alone.
class TableShares {
 public:
  TableShares(const Plan& plan, const CostModel& cost_model);

  struct Largest {
    TableId table{0};
    double share = 0;  ///< of the sum over the rank's tables
  };
  /// The table that has most of a rank's phase; of look-up and update together if the phase is not
  /// predicted. Nothing if no table has anything of it.
  std::optional<Largest> largest(RankId rank, StepPhase phase) const;

 private:
  std::vector<std::vector<PhaseTimes>> of_tables_;  ///< [table][rank]
};

}  // namespace shardwright
