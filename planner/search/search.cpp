#include "planner/search/search.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/names.hpp"
#include "planner/rate_plan.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/failure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace shardwright {
namespace {

constexpr Names<Termination, 4> kTerminations = {{
    {Termination::optimal, "optimal"},
    {Termination::feasible, "feasible"},
    {Termination::infeasible, "infeasible"},
    {Termination::no_plan_found, "no_plan_found"},
}};

void check_types(const Algorithm& algorithm, const std::vector<ShardingType>& types) {
  if (types.empty()) throw UsageError("No sharding type is allowed; name at least one in --types.");
  std::vector<std::string_view> known;
  for (const ShardingType type : algorithm.types) known.push_back(to_string(type));
  for (const ShardingType type : types) {
    if (std::find(known.begin(), known.end(), to_string(type)) != known.end()) continue;
    throw UsageError(fmt::format("The algorithm {} cannot place {}, only {}. Change --types.",
                                 algorithm.name, to_string(type), fmt::join(known, ", ")));
  }
}

// Every rank needs its share of the batch, also one that holds no shard.
bool batch_fits(const Problem& problem) {
  return std::all_of(problem.room.begin(), problem.room.end(),
                     [](Bytes room) { return room >= Bytes(0); });
}

Found solve(const Algorithm& algorithm, const Question& question) {
  if (!algorithm.knows_companions && !question.problem.companions.none()) {
    throw UsageError(fmt::format(
        "The algorithm {} cannot keep tables together or apart, as the constraints of some ask. "
        "Choose search or a greedy algorithm.",
        algorithm.name));
  }
  if (!batch_fits(question.problem)) return {};
  if (algorithm.solve != nullptr) return algorithm.solve(question);
  if (question.widths == ColumnWidths::equal && !algorithm.cuts_equally) {
    throw UsageError(fmt::format(
        "The algorithm {} cuts columns as room demands and cannot keep --column-widths equal.",
        algorithm.name));
  }
  Found found;
  found.placement = algorithm.place(question.problem, question.seed);
  found.evaluations = found.placement.unplaced.empty() ? 1 : 0;
  return found;
}

Plan make_plan(const Problem& problem, const SearchOptions& options, Placement placement,
               const CostModel& cost_model) {
  Plan plan;
  plan.workload = problem.workload;
  plan.topology = problem.topology;
  plan.shards = std::move(placement.shards);
  plan.reasons = std::move(placement.reasons);
  plan.memory_model = options.memory_model;
  plan.objective = options.objective;
  rate_plan(plan, cost_model);
  return plan;
}

void set_bound(const Found& found, Objective objective, SearchResult& result) {
  if (!found.lower_bound) return;
  if (objective != Objective::memory) {
    result.lower_bound_ms = found.lower_bound;
  } else {
    result.lower_bound_bytes = Bytes(std::llround(*found.lower_bound * kGibibyte));
  }
}

}  // namespace

std::string_view to_string(Termination termination) { return name_of(termination, kTerminations); }

SearchResult search_plan(const Workload& workload, const Topology& topology,
                         const CostModel& cost_model, const SearchOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Algorithm& algorithm = find_algorithm(options.algorithm);
  check_types(algorithm, options.types);
  const Problem problem = make_problem(workload, topology, options.memory_model, options.types);
  Found found = solve(algorithm, {problem, cost_model, options.objective, options.column_widths,
                                  options.seed, options.effort});
  Placement& placement = found.placement;
  SearchResult result;
  result.record = {options.algorithm, options.seed, 0, found.evaluations, found.stopped_by};
  if (batch_fits(problem) && placement.unplaced.empty()) {
    result.plan = make_plan(problem, options, std::move(placement), cost_model);
    set_bound(found, options.objective, result);
    if (found.optimal) result.termination = Termination::optimal;
  } else {
    tell_failure({problem, cost_model, options, placement, start}, result);
  }
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  result.record.seconds = spent.count();
  if (result.plan) result.plan->search = result.record;
  return result;
}

}  // namespace shardwright
