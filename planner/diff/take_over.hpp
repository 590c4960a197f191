#pragma once

#include "planner/plan.hpp"

#include <vector>

namespace shardwright {

/// Shards of each table.
using Placements = std::vector<std::vector<Shard>>;

/// What tables and ranks of today have of an earlier plan.
struct TakenOver {
  /// Where each table lay, by its name; empty if it is new.
  Placements before;
  /// The same shards as they can stay: of tables with the same dim whose ranks are all there still,
  /// added rows going to the last shard; else empty.
  Placements kept;
  /// Tables that the earlier plan exchanged as distinct rows, and that can be so still; ascending.
  std::vector<TableId> unique_rows;
};
TakenOver take_over(const Plan& earlier, const Workload& workload, const Topology& topology);

}  // namespace shardwright
