#include "costmodel/default_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/commands.hpp"
#include "launch/constraint_files.hpp"
#include "launch/plan_arguments.hpp"
#include "launch/plan_provenance.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/print_json.hpp"
#include "launch/table_source.hpp"
#include "planner/describe_plan.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/rating_json.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/certificate_constraints.hpp"
#include "planner/search/search.hpp"
#include "planner/search/unique_rows_search.hpp"
#include "planner/spec/constraints_json.hpp"
#include "planner/spec/read_workload.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {
namespace {

void say(const std::string& sentence) { fmt::print(stderr, "{}\n", sentence); }

void set_batch_size(const PlanArguments& arguments, const Topology& topology, Workload& workload) {
  if (!settle_batch_size(arguments.batch_size, topology.size(), workload)) return;
  say(fmt::format(
      "No batch size was given: {} samples a step over all ranks are assumed, {} per rank "
      "(--batch-size).",
      workload.batch_size, kDefaultSamplesPerRank));
}

SearchOptions search_options(const PlanArguments& arguments) {
  SearchOptions options;
  options.algorithm = arguments.algorithm;
  if (!arguments.types.empty()) options.types = parse_type_list(arguments.types);
  options.memory_model = parse_memory_model(arguments.memory_model);
  options.objective = parse_objective(arguments.objective);
  options.seed = static_cast<std::uint64_t>(arguments.seed);
  apply_effort(arguments.effort, options);
  return options;
}

void write_result(const PlanArguments& arguments, const SearchResult& result) {
  if (arguments.json) {
    print_json(rating_to_json(result));
  } else if (result.plan && arguments.output != "-") {
    fmt::print("{}\n{}", describe_prediction(*result.plan), describe_placement(*result.plan));
  }
  if (!result.plan) throw Error(ExitCode::infeasible, result.explanation);
  if (!arguments.output.empty()) write_file(arguments.output, plan_to_text(*result.plan));
  if (arguments.output.empty()) {
    say("The plan was not saved; give -o plan.json to keep it.");
  } else if (arguments.output != "-") {
    say(fmt::format("Wrote {}.", arguments.output));
  }
}

// What the prices rest on, and where the tables are beyond that.
void say_cost_model(const CostModel& model, bool by_default, const Workload& workload,
                    const Topology& topology) {
  say(fmt::format("Cost model {}{} ({}).", model.name(),
                  by_default ? ", the default for these ranks" : "", model.provenance()));
  const std::string doubts = doubts_about(model, workload, topology);
  if (!doubts.empty()) say("Warning: " + doubts);
}

std::optional<UniqueRowsChoice> unique_rows_choice(const PlanArguments& arguments) {
  if (arguments.unique_rows.empty()) return {};
  return parse_unique_rows_choice(arguments.unique_rows);
}

SearchResult find_plan(const PlanArguments& arguments, const Workload& workload,
                       const Topology& topology, const CostModel& model,
                       const SearchOptions& options) try {
  const auto choice = unique_rows_choice(arguments);
  if (arguments.earlier.file.empty()) {
    return search_plan_with_unique_rows(workload, topology, model, options,
                                        choice.value_or(UniqueRowsChoice::none));
  }
  return replan_from(arguments.earlier, workload, topology, model, options, choice);
} catch (const Contradiction& contradiction) {
  throw from_files(contradiction, {arguments.source, arguments.constraints});
}

void run(PlanArguments arguments) {
  if (arguments.json && arguments.output == "-") {
    throw UsageError("--json and -o - both want standard output; name a file for the plan.");
  }
  SearchOptions options = search_options(arguments);
  find_algorithm(options.algorithm);  // a wrong option is told before files are read
  unique_rows_choice(arguments);
  require_writable(arguments.output);
  const auto probe = parse_probe_option(arguments.probe);
  Topology topology = read_topology(arguments.topology);
  if (probe) topology.probe = *probe;
  const bool by_default = arguments.cost_model.empty();
  if (by_default) arguments.cost_model = default_cost_model(topology);
  const auto cost_model = make_cost_model(arguments.cost_model);
  WorkloadReading reading = read_workload(arguments.source);
  if (!arguments.constraints.empty()) {
    apply_constraints(read_input_file(arguments.constraints), reading.workload, topology);
  }
  for (const std::string& note : reading.notes) say(note);
  set_batch_size(arguments, topology, reading.workload);
  for (const std::string& note :
       reserve_for_training(arguments.training, read_training(arguments.training), reading.workload,
                            topology, options.memory_model)) {
    say(note);
  }
  say(fmt::format("Topology: {}", describe_topology(topology)));
  say(fmt::format("Search: {} over {}, seed {}. Memory model {}.",
                  arguments.earlier.file.empty() ? options.algorithm : "from an earlier plan",
                  names_of_types(options.types), options.seed, to_string(options.memory_model)));
  say_cost_model(*cost_model, by_default, reading.workload, topology);
  options.find_ways_out = true;
  const auto progress = record_progress(options);
  end_on_interrupt(options);
  SearchResult result = find_plan(arguments, reading.workload, topology, *cost_model, options);
  options.effort.progress = nullptr;  // wipes its line
  if (result.proof) {
    result.explanation +=
        where_asked(constraints_behind(*result.proof), {arguments.source, arguments.constraints});
  }
  if (result.record.evaluations > 1) say(describe_end(result));
  if (result.plan && !result.plan->unique_rows.empty()) {
    say(fmt::format("{} of {} tables are exchanged as unique rows.",
                    result.plan->unique_rows.size(), result.plan->workload.tables.size()));
  }
  if (result.plan) {
    result.plan->made_by = plan_made_by(arguments, options, reading);
    result.plan->search.progress = *progress;
  }
  write_result(arguments, result);
}

}  // namespace

void add_plan_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("plan", "Place embedding tables on ranks");
  command->footer(
      "Examples:\n"
      "  shardwright plan tables.json --topology 4xcpu-16GiB -o plan.json\n"
      "  shardwright plan tables.csv --topology 2x8xA100-80GB --batch-size 65536 --json\n"
      "  shardwright plan --num-embeddings-per-feature 40000000,39060 --embedding-dim 128 \\\n"
      "    --multi-hot-sizes 3,2 --topology 8xH100-80GB -o plan.json\n"
      "  shardwright plan --arch-embedding-size 80000-80000 --arch-sparse-feature-size 64 \\\n"
      "    --topology 2xcpu-1GiB -o -\n"
      "  shardwright plan tables.json --topology 8xH100-80GB --from old.json --max-moved 50GB \\\n"
      "    -o new.json");
  const auto arguments = std::make_shared<PlanArguments>();
  add_plan_arguments(*command, *arguments);
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
