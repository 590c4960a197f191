#pragma once

#include "planner/plan.hpp"
#include "planner/search/effort.hpp"
#include "planner/search/infeasibility.hpp"
#include "planner/search/ways_out.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Where none are asked for: the types that training knows.
inline const std::vector<ShardingType> kDefaultTypes = {ShardingType::table_wise,
                                                        ShardingType::column_wise};

struct SearchOptions {
  std::string algorithm = "search";
  std::vector<ShardingType> types = kDefaultTypes;
  MemoryModel memory_model = MemoryModel::full;
  Objective objective = Objective::step;
  ColumnWidths column_widths = ColumnWidths::any;
  std::uint64_t seed = 1;
  Effort effort{};             ///< of algorithms that search
  bool find_ways_out = false;  ///< where there is no plan: what it would take to have one
};

enum class Termination {
  optimal,        ///< there is a plan, and proof that none is cheaper
  feasible,       ///< there is a plan
  infeasible,     ///< proven: no plan exists under the rules given
  no_plan_found,  ///< the algorithm failed; another might not
};
std::string_view to_string(Termination termination);

/// A table, or the parts of it, that found no room.
struct Unplaced {
  std::string table;
  Bytes memory;
};

/// Not finding a plan is a result, not an error.
struct SearchResult {
  std::optional<Plan> plan;  ///< valid by check_plan; made_by is left to the caller
  Termination termination = Termination::feasible;
  SearchRecord record;
  std::optional<double> lower_bound_ms;    ///< no plan costs less, where that is known
  std::optional<Bytes> lower_bound_bytes;  ///< of the fullest rank; where the objective is memory
  // Without a plan:
  std::string explanation;         ///< what is missing and what to try, full sentences
  std::vector<Unplaced> unplaced;  ///< in the order of the tables
  std::optional<Proof> proof;      ///< if infeasible
  std::vector<WayOut> ways_out;    ///< if they were asked for
  Bytes missing;                   ///< memory to add at least (infeasible), or left unplaced
};

/// Places the tables of `workload` on the ranks of `topology`. Deterministic for a seed. Throws
/// UsageError (an unknown algorithm, types it cannot place) and Contradiction (constraints that
/// nothing could meet). A time limit holds for the ways out too.
SearchResult search_plan(const Workload& workload, const Topology& topology,
                         const CostModel& cost_model, const SearchOptions& options);

}  // namespace shardwright
