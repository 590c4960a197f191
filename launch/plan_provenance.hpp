#pragma once

#include "launch/plan_arguments.hpp"
#include "planner/plan.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// "table_wise,column_wise".
std::string names_of_types(const std::vector<ShardingType>& types);

/// The command that makes the same plan again, the version, and fingerprints of the files that were
/// read. `options` are those searched with.
MadeBy plan_made_by(const PlanArguments& arguments, const SearchOptions& options,
                    const WorkloadReading& reading);

}  // namespace shardwright
