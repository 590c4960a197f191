#pragma once

#include "planner/explain/explain_plan.hpp"

#include <span>
#include <string>

namespace shardwright {

// An explanation for people, at most 120 columns wide, worst first.

std::string explanation_to_text(const Plan& plan, const Explanation& explanation);
/// The same for one table, with every alternative that was priced.
std::string table_explanation_to_text(const Plan& plan, const Explanation& explanation);

/// "table_wise on rank 3", "column_wise 64+64 on ranks 0,3", "row_wise on ranks 0-7",
/// "data_parallel on all ranks". The shards are those of one table.
std::string placement_words(std::span<const Shard> shards);

}  // namespace shardwright
