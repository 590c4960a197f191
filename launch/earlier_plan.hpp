#pragma once

#include "planner/search/search.hpp"
#include "planner/unique_rows_choice.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace shardwright {

/// A plan to go on from with little change.
struct EarlierPlan {
  std::string file;       ///< empty: none
  std::string max_moved;  ///< "50GB"; empty: any amount
};

/// --from and --max-moved.
void add_earlier_plan(CLI::App& command, EarlierPlan& earlier);

/// replan() from that file, with its unique rows or with those chosen anew, and the sentence on
/// what it moves. Throws InputError and UsageError.
SearchResult replan_from(const EarlierPlan& earlier, const Workload& workload,
                         const Topology& topology, const CostModel& cost_model,
                         const SearchOptions& options, std::optional<UniqueRowsChoice> unique_rows);

}  // namespace shardwright
