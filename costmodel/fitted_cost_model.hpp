#pragma once

#include "costmodel/compute/compute_model.hpp"
#include "costmodel/compute/reuse_cache.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/neural/comm_model.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace shardwright {

/// Fitted models; what none is given for is priced analytically.
struct FittedParts {
  std::optional<ComputeModel> compute;
  std::optional<CommModel> comm;
};

/// Computation by a fitted model, of ranks that must be of its device (InputError); ranks of one
/// node are taken to compute at the same time, as many as the model was trained on at most.
/// Communication by a fitted model of one machine, of as many nodes as it was trained on at most.
class FittedCostModel final : public CostModel {
 public:
  /// `name` is what --cost-model was given. Throws UsageError for the neuroshard architecture,
  /// which is for comparison of errors only.
  FittedCostModel(FittedParts parts, std::string name);
  const FittedParts& parts() const { return parts_; }
  std::string_view name() const override { return name_; }
  std::string_view provenance() const override { return provenance_; }
  std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                                std::span<const Shard> shards) const override;
  /// Gives the bits that price() gives. Borrows the model too.
  std::unique_ptr<RankPricer> rank_pricer(const Workload& workload,
                                          const Topology& topology) const override;

 private:
  FittedParts parts_;
  mutable ReuseCache reuse_;
  std::string name_;
  std::string provenance_;
};

/// A comma list of one compute model, one communication model, or both: files (*.json) or shipped
/// names. Throws UsageError for names it does not know, listing all, and two of one kind;
/// InputError for files that are neither.
std::unique_ptr<CostModel> make_fitted_cost_model(std::string_view list);

}  // namespace shardwright
