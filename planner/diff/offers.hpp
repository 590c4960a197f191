#pragma once

#include "planner/diff/standing.hpp"
#include "planner/diff/take_over.hpp"

#include <vector>

namespace shardwright {

/// Other places for one table (candidates_for()), on the least busy ranks first.
std::vector<Replacement> places_for(const Plan& plan, TableId table,
                                    const std::vector<PhaseTimes>& times,
                                    const std::vector<ShardingType>& types);

/// Tables that the step waits for, and before them those that are ill.
std::vector<TableId> worth_a_look(Standing& standing, const std::vector<PhaseTimes>& times);

/// What may be done with such tables: other places, their earlier one, and trades with whole tables
/// of the least busy ranks.
std::vector<Replacement> offers_for(const std::vector<TableId>& tables, const Standing& standing,
                                    const Placements& kept, const std::vector<PhaseTimes>& times,
                                    const std::vector<ShardingType>& types);

}  // namespace shardwright
