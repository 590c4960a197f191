#pragma once

#include "costmodel/repeated_prices.hpp"
#include "planner/plan.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// What speaks against a changed plan.
enum class Obstacle {
  none,    ///< it is legal
  memory,  ///< a rank would not hold it
  rules,   ///< check_placement() refuses it: constraints of a table, the shape of its type
};

/// Prices and judges variations of one plan by a cost model. Borrows both; the plan's tables and
/// ranks must stay as they are.
class WhatIf {
 public:
  WhatIf(const Plan& plan, const CostModel& cost_model);

  const Plan& plan() const { return plan_; }
  double cost_ms() const { return cost_ms_; }  ///< of the plan as it is
  const std::vector<PhaseTimes>& times() const { return times_; }

  /// The plan's shards with those of `table` replaced.
  std::vector<Shard> with(TableId table, std::span<const Shard> replacement) const;
  std::vector<PhaseTimes> price(std::span<const Shard> shards) const;
  /// In ms, by the plan's objective; the step's where that is memory.
  double cost_ms(std::span<const PhaseTimes> times) const;
  /// What speaks against the plan with those of `table` replaced, which then lacks `lacking`.
  Obstacle judge(TableId table, const std::vector<Shard>& replacement, Bytes lacking) const;
  /// How far `shards` lie over the memory of the rank that lacks most; 0 if all fit.
  Bytes missing(std::span<const Shard> shards) const;

 private:
  const Plan& plan_;
  Workload workload_;  ///< as cost models take it
  RepeatedPrices prices_;
  std::vector<PhaseTimes> times_;
  double cost_ms_;
};

}  // namespace shardwright
