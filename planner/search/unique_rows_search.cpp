#include "planner/search/unique_rows_search.hpp"

#include "planner/check.hpp"
#include "planner/rate_plan.hpp"
#include "planner/unique_rows_price.hpp"

#include <utility>

namespace shardwright {
namespace {

/// For each of two searches.
SearchOptions in_half_the_time(SearchOptions options) {
  if (options.effort.time_limit_seconds) *options.effort.time_limit_seconds /= 2;
  return options;
}

/// The tables of `plan` placed anew, knowing how they are exchanged; none if that finds nothing.
SearchResult search_again(const Plan& plan, const CostModel& cost_model,
                          const SearchOptions& options, UniqueRowsChoice choice) {
  SearchOptions again = options;
  again.find_ways_out = false;
  SearchResult result = search_plan(workload_as_exchanged(plan), plan.topology, cost_model, again);
  if (!result.plan) return result;
  result.plan->workload = plan.workload;
  rate_plan(*result.plan, cost_model);
  choose_unique_rows(*result.plan, cost_model, choice);
  if (!check_plan(*result.plan).empty()) result.plan.reset();
  return result;
}

}  // namespace

bool choose_unique_rows(SearchResult& result, const CostModel& cost_model,
                        UniqueRowsChoice choice) {
  if (!result.plan || !choose_unique_rows(*result.plan, cost_model, choice)) return false;
  result.lower_bound_ms.reset();
  result.lower_bound_bytes.reset();
  if (result.termination == Termination::optimal) result.termination = Termination::feasible;
  return true;
}

SearchResult search_plan_with_unique_rows(const Workload& workload, const Topology& topology,
                                          const CostModel& cost_model, const SearchOptions& options,
                                          UniqueRowsChoice choice) {
  if (choice == UniqueRowsChoice::none) return search_plan(workload, topology, cost_model, options);
  const SearchOptions half = in_half_the_time(options);
  SearchResult result = search_plan(workload, topology, cost_model, half);
  if (!choose_unique_rows(result, cost_model, choice)) return result;
  if (options.objective == Objective::memory) return result;
  SearchResult other = search_again(*result.plan, cost_model, half, choice);
  result.record.evaluations += other.record.evaluations;
  result.record.seconds += other.record.seconds;
  if (other.plan && other.plan->cost_ms < result.plan->cost_ms) result.plan = std::move(other.plan);
  result.plan->search = result.record;
  return result;
}

}  // namespace shardwright
