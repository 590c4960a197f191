#include "planner/search/unique_rows_search.hpp"

#include "planner/check.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/local/deadline.hpp"
#include "planner/unique_rows_price.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

/// What is searched for, twice at most.
struct Wanted {
  const Workload& workload;
  const Topology& topology;
  const CostModel& cost_model;
  const SearchOptions& options;
  UniqueRowsChoice choice;
};

/// A search that is followed by another one where the objective is a time: ways out can wait.
SearchOptions in_half_the_time(SearchOptions options) {
  auto& limit = options.effort.time_limit_seconds;
  if (!limit || options.objective == Objective::memory) return options;
  *limit /= 2;
  options.find_ways_out = false;
  return options;
}

SearchOptions in_time_left(SearchOptions options, const Deadline& deadline) {
  auto& limit = options.effort.time_limit_seconds;
  if (limit) *limit *= 1 - deadline.share_spent();
  return options;
}

/// What holds of plans that exchange pooled values alone.
void drop_proofs(SearchResult& result) {
  result.lower_bound_ms.reset();
  result.lower_bound_bytes.reset();
  if (result.termination == Termination::optimal) result.termination = Termination::feasible;
}

/// The tables of `plan` placed anew, knowing how they are exchanged; none if that finds nothing.
SearchResult place_as_exchanged(const Plan& plan, const Wanted& wanted, const Deadline& deadline) {
  SearchOptions again = in_time_left(wanted.options, deadline);
  again.find_ways_out = false;
  SearchResult result =
      search_plan(workload_as_exchanged(plan), plan.topology, wanted.cost_model, again);
  drop_proofs(result);
  if (!result.plan) return result;
  result.plan->workload = plan.workload;
  rate_plan(*result.plan, wanted.cost_model);
  choose_unique_rows(*result.plan, wanted.cost_model, wanted.choice, &deadline.passed());
  if (!check_plan(*result.plan).empty()) result.plan.reset();
  return result;
}

/// The same search with other random numbers.
SearchResult draw_again(const Wanted& wanted, const Deadline& deadline) {
  SearchOptions again = in_time_left(wanted.options, deadline);
  ++again.seed;
  SearchResult result = search_plan(wanted.workload, wanted.topology, wanted.cost_model, again);
  choose_unique_rows(result, wanted.cost_model, wanted.choice, &deadline.passed());
  return result;
}

/// Whether the half of the time that is left may give more than `result`.
bool wants_time(const SearchResult& result, const SearchOptions& options) {
  if (!options.effort.time_limit_seconds) return false;
  return !result.plan || result.record.stopped_by == "time";
}

/// The cheaper of two plans; without any, what the second says.
SearchResult better_of(SearchResult first, SearchResult second) {
  SearchRecord record = first.record;
  record.evaluations += second.record.evaluations;
  record.seconds += second.record.seconds;
  const bool takes_second =
      !first.plan || (second.plan && second.plan->cost_ms < first.plan->cost_ms);
  SearchResult& better = takes_second ? second : first;
  better.record = record;
  if (better.plan) better.plan->search = record;
  return std::move(better);
}

}  // namespace

bool choose_unique_rows(SearchResult& result, const CostModel& cost_model, UniqueRowsChoice choice,
                        const std::atomic<bool>* stop) {
  if (!result.plan || !choose_unique_rows(*result.plan, cost_model, choice, stop)) return false;
  drop_proofs(result);
  return true;
}

SearchResult search_plan_with_unique_rows(const Workload& workload, const Topology& topology,
                                          const CostModel& cost_model, const SearchOptions& options,
                                          UniqueRowsChoice choice) {
  if (choice == UniqueRowsChoice::none) return search_plan(workload, topology, cost_model, options);
  const Wanted wanted{workload, topology, cost_model, options, choice};
  const Deadline deadline(options.effort.time_limit_seconds, nullptr);
  SearchResult first = search_plan(workload, topology, cost_model, in_half_the_time(options));
  const bool any = choose_unique_rows(first, cost_model, choice, &deadline.passed());
  const bool interrupted = first.record.stopped_by == "interrupt";
  if (options.objective == Objective::memory || deadline.passed() || interrupted) return first;
  if (any) {
    SearchResult second = place_as_exchanged(*first.plan, wanted, deadline);
    return better_of(std::move(first), std::move(second));
  }
  if (!wants_time(first, options)) return first;
  return better_of(std::move(first), draw_again(wanted, deadline));
}

}  // namespace shardwright
