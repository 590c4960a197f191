#pragma once

#include "planner/plan.hpp"

#include <cstdint>
#include <string>

namespace shardwright {

/// The plan of `plan_file`, which must be for this number of ranks and for the tables of the data
/// (read from `tables_file`); without a file, round_robin_plan(). Throws InputError.
Plan plan_for_data(const std::string& plan_file, std::int64_t num_ranks, const Workload& data,
                   const std::string& tables_file);

/// Every table whole, table t on rank t mod num_ranks; nothing predicted.
Plan round_robin_plan(const Workload& workload, std::int64_t num_ranks);

/// Throws InputError naming the first difference in names, rows, dims, modes or weights of the
/// tables of a plan and those of the data, in any order.
void require_same_tables(const Workload& plan, const std::string& plan_file, const Workload& data,
                         const std::string& tables_file);

}  // namespace shardwright
