#pragma once

#include "costmodel/compute/compute_model.hpp"
#include "costmodel/cost_model.hpp"

#include <string>

namespace shardwright {

/// Computation by a fitted model, communication by the analytic one. Ranks must be of the model's
/// device (InputError). Ranks of one node are taken to compute at the same time, as many as the
/// model was trained on at most.
class FittedCostModel final : public CostModel {
 public:
  /// `name` is what --cost-model was given. Throws UsageError for the neuroshard architecture,
  /// which is for comparison of errors only.
  FittedCostModel(ComputeModel model, std::string name);
  std::string_view name() const override { return name_; }
  std::string_view provenance() const override { return provenance_; }
  std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                                std::span<const Shard> shards) const override;
  /// Gives the bits that price() gives for computation. Borrows the model too.
  std::unique_ptr<RankPricer> rank_pricer(const Workload& workload,
                                          const Topology& topology) const override;

 private:
  ComputeModel model_;
  std::string name_;
  std::string provenance_;
};

}  // namespace shardwright
