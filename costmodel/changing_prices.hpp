#pragma once

#include "costmodel/cost_model.hpp"
#include "costmodel/rank_pricer.hpp"
#include "costmodel/sum_of_shards.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace shardwright {

/// Prices placements of the same tables on the same ranks while shards come and go: what a cost
/// model works out of tables and ranks, it works out once, and what it sums up over shards is kept.
/// Borrows all arguments.
class ChangingPrices {
 public:
  /// Of no shards.
  ChangingPrices(const CostModel& model, const Workload& workload, const Topology& topology);

  void add(std::span<const Shard> shards);
  /// Shards that were added before.
  void remove(std::span<const Shard> shards);

  /// Of every rank: as CostModel::price, up to rounding (1e-9 relative).
  std::vector<PhaseTimes> times() const;
  /// Of these ranks if there were no other shards than these; those that were added stay.
  std::vector<PhaseTimes> alone(std::span<const Shard> shards, std::span<const RankId> ranks);

 private:
  const CostModel& model_;
  const Workload& workload_;
  const Topology& topology_;
  std::unique_ptr<RankPricer> pricer_;  // null where the model has none
  std::optional<SumOfShards> sum_;      // as pricer_
  std::optional<SumOfShards> alone_;    // of no shards between calls
  std::vector<Shard> shards_;           // where there is no sum
};

}  // namespace shardwright
