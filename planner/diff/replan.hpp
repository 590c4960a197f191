#pragma once

#include "planner/search/search.hpp"
#include "planner/unique_rows_choice.hpp"

#include <atomic>
#include <cstdint>
#include <optional>

namespace shardwright {

struct ReplanOptions {
  std::vector<ShardingType> types = SearchOptions{}.types;  ///< of tables that are placed anew
  MemoryModel memory_model = MemoryModel::full;
  Objective objective = Objective::step;
  /// Absent: tables that the earlier plan exchanges as distinct rows stay so, unless there is no
  /// legal plan then. Else all values are pooled, and the choice is made anew, in the time limit.
  std::optional<UniqueRowsChoice> unique_rows = {};
  std::optional<Bytes> max_moved;  ///< weights and optimizer state that may change ranks, all told
  std::int64_t work_limit = 20'000;  ///< placements judged
  std::optional<double> time_limit_seconds = {};
  const std::atomic<bool>* interrupt = nullptr;  ///< when it turns true, the best so far is it
};

/// Goes on from an earlier plan with as little change as possible: tables that it has, by name and
/// dim, stay where they are; new ones are placed where they cost least, the costliest first; then
/// tables are moved, cut, or traded one change at a time, the most gain per byte moved first, while
/// a change lowers the cost by 0.2 % or more and the bytes stay within max_moved. What breaks
/// memory or constraints is mended first. Deterministic. Result as of search_plan(),
/// record.algorithm "from"; without a legal plan no_plan_found.
SearchResult replan(const Plan& earlier, const Workload& workload, const Topology& topology,
                    const CostModel& cost_model, const ReplanOptions& options);

}  // namespace shardwright
