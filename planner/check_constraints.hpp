#pragma once

#include "planner/plan.hpp"

#include <string>
#include <vector>

namespace shardwright {

// Whether shards keep to what tables and topology ask of them; check.cpp asks for all of it.
// Sentences are added to `problems`.

/// What the table asks of its own shards, and ranks that are excluded.
void check_constraints(const Plan& plan, const Table& table, const std::vector<Shard>& shards,
                       std::vector<std::string>& problems);

/// What tables ask of each other: `by_table` has the shards of each.
void check_companions(const Plan& plan, const std::vector<std::vector<Shard>>& by_table,
                      std::vector<std::string>& problems);
/// The same of one table that lies in `shards`, the others as the plan has them.
void check_companions_of(const Plan& plan, TableId table, const std::vector<Shard>& shards,
                         std::vector<std::string>& problems);

}  // namespace shardwright
