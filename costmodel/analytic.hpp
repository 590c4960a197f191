#pragma once

#include "costmodel/cost_model.hpp"

namespace shardwright {

/// Roofline from datasheet figures: bytes moved over bandwidth plus fixed costs, nothing fitted.
/// Formulas and their sources: docs/cost_models.md, "analytic".
class AnalyticCostModel final : public CostModel {
 public:
  std::string_view name() const override { return "analytic"; }
  std::string_view provenance() const override;
  std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                                std::span<const Shard> shards) const override;
  std::unique_ptr<RankPricer> rank_pricer(const Workload& workload,
                                          const Topology& topology) const override;
};

}  // namespace shardwright
