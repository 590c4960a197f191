#pragma once

#include "costmodel/changing_prices.hpp"
#include "planner/plan.hpp"
#include "planner/unique_rows_price.hpp"

#include <span>
#include <vector>

namespace shardwright {

/// The times of a plan's ranks while single tables change between pooled values and distinct rows:
/// each change in time that does not grow with the number of tables. Starts as the plan has it.
/// Borrows the plan's topology and the cost model.
class EitherExchange {
 public:
  EitherExchange(const Plan& plan, const CostModel& cost_model);
  EitherExchange(const EitherExchange&) = delete;  // prices borrow the tables
  EitherExchange& operator=(const EitherExchange&) = delete;

  /// The other way from now on: of a table that can be exchanged both ways
  /// (why_not_unique_rows()).
  void toggle(TableId table);
  /// Of every rank, up to rounding (1e-9 relative) as price_plan() has them.
  std::vector<PhaseTimes> times() const;

 private:
  /// `send_rows`: all tables that are or could be exchanged as distinct rows.
  EitherExchange(const Plan& plan, const CostModel& cost_model,
                 const std::vector<TableId>& send_rows);
  /// The table's shards as of the table that stands for it, the way it is exchanged now.
  std::vector<Shard> shards_now(TableId table) const;

  const Topology& topology_;
  Workload workload_;  ///< every table pooled, then every table as distinct rows
  ChangingPrices prices_;
  std::vector<std::vector<Shard>> shards_;  ///< per table
  std::vector<bool> sends_rows_;            ///< per table
  std::vector<PoolingBytes> pooling_;       ///< per table, where it sends rows; none if it cannot
};

}  // namespace shardwright
