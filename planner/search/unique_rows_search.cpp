#include "planner/search/unique_rows_search.hpp"

#include "planner/check.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/local/deadline.hpp"
#include "planner/unique_rows_price.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

/// For each of two searches.
SearchOptions in_half_the_time(SearchOptions options) {
  if (options.effort.time_limit_seconds) *options.effort.time_limit_seconds /= 2;
  return options;
}

/// In what is left, where that is less.
SearchOptions in_time_left(SearchOptions options, const SearchOptions& whole,
                           const Deadline& deadline) {
  if (!whole.effort.time_limit_seconds) return options;
  const double left = *whole.effort.time_limit_seconds * (1 - deadline.share_spent());
  options.effort.time_limit_seconds = std::min(*options.effort.time_limit_seconds, left);
  return options;
}

/// The tables of `plan` placed anew, knowing how they are exchanged; none if that finds nothing.
SearchResult search_again(const Plan& plan, const CostModel& cost_model,
                          const SearchOptions& options, UniqueRowsChoice choice,
                          const std::atomic<bool>& stop) {
  SearchOptions again = options;
  again.find_ways_out = false;
  SearchResult result = search_plan(workload_as_exchanged(plan), plan.topology, cost_model, again);
  if (!result.plan) return result;
  result.plan->workload = plan.workload;
  rate_plan(*result.plan, cost_model);
  choose_unique_rows(*result.plan, cost_model, choice, &stop);
  if (!check_plan(*result.plan).empty()) result.plan.reset();
  return result;
}

}  // namespace

bool choose_unique_rows(SearchResult& result, const CostModel& cost_model, UniqueRowsChoice choice,
                        const std::atomic<bool>* stop) {
  if (!result.plan || !choose_unique_rows(*result.plan, cost_model, choice, stop)) return false;
  result.lower_bound_ms.reset();
  result.lower_bound_bytes.reset();
  if (result.termination == Termination::optimal) result.termination = Termination::feasible;
  return true;
}

SearchResult search_plan_with_unique_rows(const Workload& workload, const Topology& topology,
                                          const CostModel& cost_model, const SearchOptions& options,
                                          UniqueRowsChoice choice) {
  if (choice == UniqueRowsChoice::none) return search_plan(workload, topology, cost_model, options);
  const Deadline deadline(options.effort.time_limit_seconds, nullptr);
  const SearchOptions half = in_half_the_time(options);
  SearchResult result = search_plan(workload, topology, cost_model, half);
  if (!choose_unique_rows(result, cost_model, choice, &deadline.passed())) return result;
  if (options.objective == Objective::memory || deadline.passed()) return result;
  SearchResult other = search_again(*result.plan, cost_model, in_time_left(half, options, deadline),
                                    choice, deadline.passed());
  result.record.evaluations += other.record.evaluations;
  result.record.seconds += other.record.seconds;
  if (other.plan && other.plan->cost_ms < result.plan->cost_ms) result.plan = std::move(other.plan);
  result.plan->search = result.record;
  return result;
}

}  // namespace shardwright
