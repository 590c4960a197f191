#include "launch/earlier_plan.hpp"

#include "planner/diff/plan_diff.hpp"
#include "planner/diff/replan.hpp"
#include "planner/plan_json.hpp"

#include <fmt/format.h>

namespace shardwright {

void add_earlier_plan(CLI::App& command, EarlierPlan& earlier) {
  CLI::Option* from =
      command
          .add_option("--from", earlier.file,
                      "Go on from this plan with as few changes as pay; --algorithm and\n"
                      "--seed do not matter then")
          ->type_name("PLAN");
  command
      .add_option("--max-moved", earlier.max_moved,
                  "Bytes of weights and optimizer state that may change ranks in all,\nas 50GB")
      ->type_name("BYTES")
      ->needs(from);
}

SearchResult replan_from(const EarlierPlan& earlier, const Workload& workload,
                         const Topology& topology, const CostModel& cost_model,
                         const SearchOptions& options,
                         std::optional<UniqueRowsChoice> unique_rows) {
  ReplanOptions replanning;
  replanning.types = options.types;
  replanning.unique_rows = unique_rows;
  replanning.memory_model = options.memory_model;
  replanning.objective = options.objective;
  if (!earlier.max_moved.empty()) replanning.max_moved = parse_bytes(earlier.max_moved);
  if (options.effort.work_limit > 0) replanning.work_limit = options.effort.work_limit;
  replanning.time_limit_seconds = options.effort.time_limit_seconds;
  replanning.interrupt = options.effort.interrupt;
  const Plan before = read_plan(earlier.file);
  SearchResult result = replan(before, workload, topology, cost_model, replanning);
  if (!result.plan) return result;
  const PlanDiff diff = diff_plans(before, *result.plan);
  fmt::print(stderr,
             "{} of {} tables stay as they are; {} move between ranks, {} are new (see "
             "`shardwright diff`).\n",
             diff.same, workload.tables.size(), format_bytes(diff.moved), format_bytes(diff.fresh));
  return result;
}

}  // namespace shardwright
