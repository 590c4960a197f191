#pragma once

#include "planner/plan.hpp"

#include <set>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// "0-3,7" of {0,1,2,3,7}.
std::string runs_of(const std::set<std::int64_t>& numbers);

/// Ranks that hold any of `shards`; empty for data_parallel, which all do.
std::set<std::int64_t> ranks_of(std::span<const Shard> shards);

/// "table_wise on rank 3", "column_wise 28+20 on ranks 0,3", "row_wise on ranks 0-7",
/// "data_parallel on all ranks". The shards are those of one table.
std::string placement_words(std::span<const Shard> shards);

/// The shards of `table`, in the plan's order.
std::vector<Shard> shards_of(const Plan& plan, TableId table);

}  // namespace shardwright
