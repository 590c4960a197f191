#pragma once

#include "costmodel/cost_model.hpp"

namespace shardwright::torchrec {

/// TorchRec's EmbeddingPerfEstimator as it judges plans: each shard is priced alone and a rank's
/// phases are sums over its shards. TorchRec's own constants stand for every device, and it prices
/// no exchange of ids (comm_input_ms is 0). Formulas: docs/cost_models.md, "torchrec".
class TorchrecCostModel final : public CostModel {
 public:
  std::string_view name() const override { return "torchrec"; }
  std::string_view provenance() const override;
  std::vector<PhaseTimes> price(const Workload& workload, const Topology& topology,
                                std::span<const Shard> shards) const override;
  std::unique_ptr<RankPricer> rank_pricer(const Workload& workload,
                                          const Topology& topology) const override;
};

}  // namespace shardwright::torchrec
