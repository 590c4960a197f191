#pragma once

#include "planner/plan.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

enum class TableChange {
  same,       ///< nothing moves, no cut and no exchange changes
  exchanged,  ///< the same shards, whose rows travel instead of pooled values, or the reverse
  moved,      ///< the same cuts, on other ranks
  cut,        ///< cut anew
  retyped,    ///< another sharding type
  added,      ///< the earlier plan has no table of that name
  removed,
};
std::string_view to_string(TableChange change);

struct TableDiff {
  std::string table;
  TableChange change = TableChange::same;
  std::string before;  ///< placement_words() and the exchange; empty if there is none
  std::string after;
  Bytes moved;
};

struct RankDiff {
  Bytes received;
  Bytes sent;
  Bytes fresh;          ///< new tables, rows and columns, which come from nowhere
  Bytes memory_before;  ///< by each plan's memory model; 0 where it has no such rank
  Bytes memory_after;
};

/// What it takes to go from one plan to another: tables match by name, ranks by number.
struct PlanDiff {
  double cost_before_ms = 0;
  double cost_after_ms = 0;
  Bytes moved;  ///< weights and optimizer state that change ranks
  Bytes fresh;
  std::vector<RankDiff> ranks;    ///< of the larger plan
  std::vector<TableDiff> tables;  ///< only what differs; most bytes first
  std::size_t same = 0;           ///< tables that stay as they are
};

/// Both plans as rated (rate_plan()) by one cost model, or each by that of its own machine.
PlanDiff diff_plans(const Plan& before, const Plan& after);

/// "shardwright.diff/1": docs/diff.md.
nlohmann::json diff_to_json(const Plan& before, const Plan& after, const PlanDiff& diff);
/// At most 120 columns.
std::string diff_to_text(const Plan& before, const Plan& after, const PlanDiff& diff);

}  // namespace shardwright
