#pragma once

#include "planner/changing_plan.hpp"
#include "planner/explain/critical_path.hpp"
#include "planner/plan.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// What speaks against a changed plan.
enum class Obstacle {
  none,    ///< it is legal
  memory,  ///< a rank would not hold it
  rules,   ///< check_placement() refuses it: constraints of a table, the shape of its type
};

/// Another placement of one table and what the plan would then cost.
struct Alternative {
  TableId table{0};
  std::vector<Shard> shards;
  double cost_ms = 0;
  double measure = 0;  ///< what is to be least: cost_ms, or by memory the bytes of `fullest`
  Bytes fullest;       ///< memory of the fullest rank
  Obstacle obstacle = Obstacle::none;
  Bytes missing;    ///< with obstacle memory: what the fullest rank lacks
  PathStep slower;  ///< the phase that grows most on the critical path, and its rank then
};

enum class Binding {
  memory,         ///< something cheaper does not fit; by memory: the fullest rank has it
  compute,        ///< it lies on the critical path, mostly in lookups and updates
  communication,  ///< the same, mostly in exchanges
  nothing,        ///< it has no part in what the step waits for
};
std::string_view to_string(Binding binding);
std::string_view to_string(Obstacle obstacle);

/// A table's own times, priced alone, on the ranks that the step waits for.
struct OnPath {
  double compute_ms = 0;
  double communication_ms = 0;
  double total_ms() const { return compute_ms + communication_ms; }
};
OnPath on_path(ChangingPlan& plan, const std::vector<PathStep>& path, TableId table);

struct TableExplanation {
  TableId table{0};
  double path_ms = 0;   ///< on_path()
  double saved_ms = 0;  ///< what the plan would cost less without it
  Bytes on_fullest;     ///< memory that it takes on the fullest rank
  Binding binding = Binding::nothing;
  std::vector<Alternative> alternatives;  ///< least measure first
  /// What the plan would cost with the table's values exchanged the other way, as distinct rows or
  /// pooled; none if there is no other (unique_rows_choice.hpp).
  std::optional<double> other_exchange_ms = {};

  /// The first that is legal; null if none was found.
  const Alternative* next_best() const;
  /// The first that is better than the plan's `measure` and not legal; null if there is none.
  const Alternative* refused(double measure) const;
};

struct Explanation {
  std::vector<PhaseTimes> times;  ///< per rank, by the cost model asked
  double cost_ms = 0;
  bool by_memory = false;  ///< whether the fullest rank is what counts, not time
  double measure = 0;      ///< as an Alternative's
  RankId fullest{0};       ///< rank, the first of equals
  std::vector<PathStep> path;
  std::vector<TableExplanation> tables;  ///< worst first: largest path_ms, by memory on_fullest
  std::vector<Alternative> changes;      ///< at most three, of different tables, most helpful first
  std::size_t tried = 0;                 ///< alternatives priced
};

struct ExplainOptions {
  std::optional<std::string> table;  ///< only this one
  std::size_t most_tables = 20;      ///< the worst ones
  bool by_time = false;              ///< whatever the plan's objective
  std::vector<ShardingType> types{kAllShardingTypes.begin(), kAllShardingTypes.end()};
};

/// Prices other placements of the worst tables, one table at a time and the rest as planned. Where
/// the plan's objective is memory, what is worst and what helps is judged by the fullest rank.
/// Throws InputError for a table that the plan does not have.
Explanation explain_plan(const Plan& plan, const CostModel& cost_model,
                         const ExplainOptions& options);

}  // namespace shardwright
