#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/rank_pricer.hpp"

#include <memory>
#include <span>
#include <vector>

namespace shardwright {

/// Prices many placements of the same tables on the same ranks: what a cost model works out of
/// those alone, it works out once. Borrows all arguments.
class RepeatedPrices {
 public:
  RepeatedPrices(const CostModel& model, const Workload& workload, const Topology& topology)
      : model_(model),
        workload_(workload),
        topology_(topology),
        pricer_(model.rank_pricer(workload, topology)) {}

  /// As CostModel::price, up to rounding (1e-9 relative).
  std::vector<PhaseTimes> of(std::span<const Shard> shards) const;

 private:
  const CostModel& model_;
  const Workload& workload_;
  const Topology& topology_;
  std::unique_ptr<RankPricer> pricer_;  // null where the model has none
};

}  // namespace shardwright
