#pragma once

#include "costmodel/cost_model.hpp"
#include "planner/plan.hpp"
#include "runtime/measured/predicted_phases.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A cost model corrected by what a job of the plan's ranks measured: each rank's look-ups and
/// updates cost as many times more as they took, and exchanges as many times more as on the rank
/// that waited least. Plans priced by it can be compared with each other for this job's machines.
class MeasuredCostModel final : public CostModel {
 public:
  /// Borrows `base`; `predicted` are its prices, and both spans have a rank each, at least one.
  MeasuredCostModel(const CostModel& base, std::span<const RankPrediction> predicted,
                    std::span<const PhaseMs> measured);

  std::string_view name() const override { return base_.name(); }
  std::string_view provenance() const override { return provenance_; }
  std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                                std::span<const Shard> shards) const override;

 private:
  const CostModel& base_;
  std::string provenance_;
  std::vector<PhaseTimes> factors_;  ///< per rank
};

}  // namespace shardwright
