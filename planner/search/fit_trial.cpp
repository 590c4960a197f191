#include "planner/search/fit_trial.hpp"

#include "planner/contradiction.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/check_shapes.hpp"
#include "planner/search/cuts.hpp"
#include "planner/search/fitting.hpp"
#include "planner/search/infeasibility.hpp"

#include <algorithm>
#include <utility>

namespace shardwright {
namespace {

// Whether greedy parts of columns, on any ranks, are shapes of the table.
bool may_be_cut_greedily(const Table& table, const TableRules& rules) {
  return rules.column_wise || (rules.table_wise && fewest_parts(table, rules) == 1);
}

}  // namespace

FitTrial::FitTrial(const WaysOutQuestion& question, std::vector<ShardingType> types,
                   MemoryModel memory_model)
    : question_(question), types_(std::move(types)), memory_model_(memory_model) {}

bool FitTrial::fits(const Workload& workload, const Topology& topology) const {
  return ask(workload, topology,
             [&](const Problem& problem) -> Fit {
               if (size_greedy_places(problem)) return Fit(std::in_place);
               return find_fitting(problem, effort(problem)).shards;
             })
      .has_value();
}

FitTrial::Fit FitTrial::fit_by_rows(const Workload& workload, const Topology& topology,
                                    std::int64_t count) const {
  return ask(workload, topology, [&](const Problem& problem) {
    PackingEffort packing = effort(problem);
    packing.by_rows = tables_for_rows(problem, question_.even_rows);
    packing.by_rows.resize(std::min(packing.by_rows.size(), static_cast<std::size_t>(count)),
                           TableId(0));
    return pack_exactly(problem, packing).shards;
  });
}

std::int64_t FitTrial::most_by_rows(const Workload& workload, const Topology& topology) const {
  std::int64_t most = 0;
  ask(workload, topology, [&](const Problem& problem) -> Fit {
    most = static_cast<std::int64_t>(tables_for_rows(problem, question_.even_rows).size());
    return {};
  });
  return most;
}

FitTrial::Fit FitTrial::ask(const Workload& workload, const Topology& topology,
                            const std::function<Fit(const Problem&)>& find) const {
  if (question_.stop) return {};
  try {
    const Problem problem = make_problem(workload, topology, memory_model_, types_);
    if (question_.even_rows) check_shapes(problem, true);
    if (prove_infeasible(problem)) return {};
    return find(problem);
  } catch (const Contradiction&) {  // that the change would bring
    return {};
  }
}

PackingEffort FitTrial::effort(const Problem& problem) const {
  return {.widths = question_.widths,
          .most_steps = steps_of_fitting(problem),
          .even_rows = question_.even_rows,
          .stop = &question_.stop};
}

bool FitTrial::size_greedy_places(const Problem& problem) const {
  if (question_.widths != ColumnWidths::any) return false;
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    if (!may_be_cut_greedily(problem.workload.tables[i], problem.rules[i])) return false;
  }
  return size_greedy(problem, 1).unplaced.empty();
}

}  // namespace shardwright
