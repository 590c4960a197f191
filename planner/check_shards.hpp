#pragma once

#include "planner/plan.hpp"

#include <string>
#include <vector>

namespace shardwright {

// What makes shards of one table illegal whatever its constraints; check.cpp asks for all of it.
// Sentences are added to `problems`.

/// Whether the shard has elements, and none outside the table.
bool lies_inside(const Table& table, const Shard& shard);
/// Whether the topology has the rank.
bool is_rank_of(const Topology& topology, RankId rank);
/// "Table 'a': the row_wise shard of rows [0, 5) x columns [0, 8)".
std::string name_shard(const Table& table, const Shard& shard);

/// One shard: its ranges, the shape that its type asks for, and its rank.
void check_shard(const Plan& plan, const Table& table, const Shard& shard,
                 std::vector<std::string>& problems);
/// All shards of the table, at least one: a single type, as many as it allows, on one node where it
/// says.
void check_shards_together(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                           std::vector<std::string>& problems);

}  // namespace shardwright
