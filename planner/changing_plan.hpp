#pragma once

#include "costmodel/changing_prices.hpp"
#include "planner/plan.hpp"
#include "planner/unique_rows_memory.hpp"
#include "planner/unique_rows_price.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// What a plan costs and takes, kept up to date while tables are placed otherwise, one at a time:
/// in time that does not grow with the number of tables. Starts from the plan's shards, whose ranks
/// must exist and whose ranges must lie in their tables, as must those of all that comes later.
/// Borrows the plan, of which all but shards must stay, and the cost model.
class ChangingPlan {
 public:
  ChangingPlan(const Plan& plan, const CostModel& cost_model);
  ChangingPlan(const ChangingPlan&) = delete;  // prices borrow the tables
  ChangingPlan& operator=(const ChangingPlan&) = delete;

  const Plan& plan() const { return plan_; }
  const std::vector<Shard>& shards(TableId table) const { return shards_[table.index()]; }
  /// In the order of tables.
  std::vector<Shard> all_shards() const;
  /// All of the table lies in these shards from now on; none: it is nowhere.
  void place(TableId table, std::vector<Shard> shards);

  /// Of every rank, up to rounding (1e-9 relative) as rate_plan() has it.
  std::vector<PhaseTimes> times() const;
  /// In ms, by the plan's objective; the step's where that is memory.
  double cost_ms(std::span<const PhaseTimes> times) const;
  /// What the table takes on these ranks if it is the only one.
  std::vector<PhaseTimes> alone(TableId table, std::span<const RankId> ranks);

  Bytes memory(RankId rank) const;
  /// Of the fullest rank.
  Bytes fullest() const;
  /// How far the rank's memory lies over what it has; 0 if it fits.
  Bytes missing(RankId rank) const;
  /// Of the rank that lacks most.
  Bytes most_missing() const;

 private:
  /// Sums of sizes that each have 61 bits, however many.
  __extension__ using WideBytes = __int128;

  /// Adds (1) or takes off (-1) what the table's shards need.
  void count(TableId table, int sign);

  const Plan& plan_;
  Workload workload_;  ///< as cost models take it
  ChangingPrices prices_;
  PlanMemory memory_model_;
  std::vector<std::vector<Shard>> shards_;  ///< per table
  std::vector<PoolingBytes> pooling_;       ///< of each table, where it lies anywhere
  std::vector<WideBytes> memory_;           ///< per rank
};

}  // namespace shardwright
