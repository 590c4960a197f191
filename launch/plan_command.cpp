#include "costmodel/default_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/json/write_file.hpp"
#include "costmodel/outside_training.hpp"
#include "launch/commands.hpp"
#include "launch/earlier_plan.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/search_effort.hpp"
#include "launch/table_source.hpp"
#include "planner/describe_plan.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/rating_json.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"
#include "planner/search/unique_rows_search.hpp"
#include "planner/spec/cell.hpp"
#include "planner/spec/constraints_json.hpp"
#include "planner/spec/dense_sizes_json.hpp"
#include "planner/spec/read_ahead_json.hpp"
#include "planner/spec/read_workload.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {
namespace {

constexpr std::int64_t kMostDenseFeatures = 1'000'000;

struct PlanArguments {
  SpecSource source;
  std::string topology;
  std::string constraints;
  std::string train_config;
  std::int64_t dense_features = 13;
  std::string types;
  std::string algorithm = SearchOptions{}.algorithm;
  std::string cost_model;  ///< empty until the default of the topology is known
  std::string objective = "step";
  std::string memory_model = "full";
  std::string unique_rows;  ///< empty: none, or as in the earlier plan
  std::int64_t batch_size = 0;
  std::int64_t seed = 1;
  EffortArguments effort;
  EarlierPlan earlier;
  bool json = false;
  std::string output;
};

void say(const std::string& sentence) { fmt::print(stderr, "{}\n", sentence); }

void set_batch_size(const PlanArguments& arguments, const Topology& topology, Workload& workload) {
  if (!settle_batch_size(arguments.batch_size, topology.size(), workload)) return;
  say(fmt::format(
      "No batch size was given: {} samples a step over all ranks are assumed, {} per rank "
      "(--batch-size).",
      workload.batch_size, kDefaultSamplesPerRank));
}

// The dense part, batches read ahead and, where the memory model asked for is silent about it,
// the second batch of a training that overlaps.
void reserve_for_training(const PlanArguments& arguments, const Workload& workload,
                          Topology& topology, SearchOptions& options) {
  const nlohmann::json json = read_json(arguments.train_config);
  const JsonView config(json, arguments.train_config);
  const DenseSizes sizes = dense_sizes_of(config, workload, arguments.dense_features);
  say(reserve_dense_part(sizes, workload.batch_size, topology));
  say(reserve_read_ahead(config, workload, arguments.dense_features, topology));
  if (overlaps(config) && options.memory_model == MemoryModel::full) {
    options.memory_model = MemoryModel::overlap;
  }
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

std::string names_of(const std::vector<ShardingType>& types) {
  std::vector<std::string_view> names;
  names.reserve(types.size());
  for (const ShardingType type : types) names.push_back(to_string(type));
  return fmt::to_string(fmt::join(names, ","));
}

// The command that makes the same plan again.
std::string command_line(const PlanArguments& arguments, const SearchOptions& options,
                         const Workload& workload) {
  const DlrmLists& lists = arguments.source.lists;
  std::string line = "shardwright plan";
  const auto add = [&](const std::string& flag, const std::string& value) {
    if (!value.empty()) line += fmt::format(" {} {}", flag, value);
  };
  if (!arguments.source.file.empty()) line += " " + arguments.source.file;
  add("--csv-model", arguments.source.csv_model);
  add("--num-embeddings-per-feature", lists.num_embeddings_per_feature);
  add("--arch-embedding-size", lists.arch_embedding_size);
  add("--multi-hot-sizes", lists.multi_hot_sizes);
  if (lists.embedding_dim) add("--embedding-dim", fmt::to_string(*lists.embedding_dim));
  add("--topology", arguments.topology);
  add("--constraints", arguments.constraints);
  add("--train-config", arguments.train_config);
  if (!arguments.train_config.empty()) {
    add("--dense-features", fmt::to_string(arguments.dense_features));
  }
  add("--batch-size", fmt::to_string(workload.batch_size));
  add("--types", names_of(options.types));
  add("--algorithm", options.algorithm);
  add("--cost-model", arguments.cost_model);
  add("--objective", arguments.objective);
  add("--memory-model", arguments.memory_model);
  add("--unique-rows", arguments.unique_rows);
  add("--seed", fmt::to_string(options.seed));
  add("--from", arguments.earlier.file);
  add("--max-moved", arguments.earlier.max_moved);
  return line + effort_flags(arguments.effort);
}

void write_result(const PlanArguments& arguments, const SearchResult& result) {
  if (arguments.json) {
    fmt::print("{}\n", rating_to_json(result).dump(2));
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

MadeBy made_by(const PlanArguments& arguments, const SearchOptions& options,
               const WorkloadReading& reading) {
  MadeBy made_by{command_line(arguments, options, reading.workload), SHARDWRIGHT_VERSION,
                 reading.inputs};
  std::vector<std::string> files = {arguments.topology, arguments.constraints,
                                    arguments.train_config, arguments.earlier.file};
  for (const std::string_view model : split_list(arguments.cost_model, ',')) {
    files.emplace_back(model);
  }
  for (const std::string& file : files) {
    if (!std::filesystem::is_regular_file(file)) continue;
    made_by.inputs[file] = fingerprint(read_input_file(file).content);
  }
  return made_by;
}

// What the prices rest on, and where the tables are beyond that.
void say_cost_model(const CostModel& model, bool by_default, const Workload& workload,
                    const Topology& topology) {
  say(fmt::format("Cost model {}{} ({}).", model.name(),
                  by_default ? ", the default for these ranks" : "", model.provenance()));
  const auto* fitted = dynamic_cast<const FittedCostModel*>(&model);
  if (fitted == nullptr) return;
  const std::string beyond = outside_training(fitted->parts(), workload, topology);
  if (!beyond.empty()) say("Warning: " + beyond);
}

std::optional<UniqueRowsChoice> unique_rows_choice(const PlanArguments& arguments) {
  if (arguments.unique_rows.empty()) return {};
  return parse_unique_rows_choice(arguments.unique_rows);
}

SearchResult find_plan(const PlanArguments& arguments, const Workload& workload,
                       const Topology& topology, const CostModel& model,
                       const SearchOptions& options) {
  const auto choice = unique_rows_choice(arguments);
  if (arguments.earlier.file.empty()) {
    return search_plan_with_unique_rows(workload, topology, model, options,
                                        choice.value_or(UniqueRowsChoice::none));
  }
  SearchResult result = replan_from(arguments.earlier, workload, topology, model, options, !choice);
  if (choice) choose_unique_rows(result, model, *choice);
  return result;
}

void run(PlanArguments arguments) {
  if (arguments.json && arguments.output == "-") {
    throw UsageError("--json and -o - both want standard output; name a file for the plan.");
  }
  SearchOptions options = search_options(arguments);
  find_algorithm(options.algorithm);  // a wrong option is told before files are read
  unique_rows_choice(arguments);
  Topology topology = read_topology(arguments.topology);
  const bool by_default = arguments.cost_model.empty();
  if (by_default) arguments.cost_model = default_cost_model(topology);
  const auto cost_model = make_cost_model(arguments.cost_model);
  WorkloadReading reading = read_workload(arguments.source);
  if (!arguments.constraints.empty()) {
    apply_constraints(read_input_file(arguments.constraints), reading.workload, topology);
  }
  for (const std::string& note : reading.notes) say(note);
  set_batch_size(arguments, topology, reading.workload);
  if (!arguments.train_config.empty()) {
    reserve_for_training(arguments, reading.workload, topology, options);
  }
  say(fmt::format("Topology: {}", describe_topology(topology)));
  say(fmt::format("Search: {} over {}, seed {}. Memory model {}.",
                  arguments.earlier.file.empty() ? options.algorithm : "from an earlier plan",
                  names_of(options.types), options.seed, to_string(options.memory_model)));
  say_cost_model(*cost_model, by_default, reading.workload, topology);
  options.find_ways_out = true;
  const auto progress = record_progress(options);
  end_on_interrupt(options);
  SearchResult result = find_plan(arguments, reading.workload, topology, *cost_model, options);
  options.effort.progress = nullptr;  // wipes its line
  if (result.record.evaluations > 1) say(describe_end(result));
  if (result.plan && !result.plan->unique_rows.empty()) {
    say(fmt::format("{} of {} tables are exchanged as unique rows.",
                    result.plan->unique_rows.size(), result.plan->workload.tables.size()));
  }
  if (result.plan) {
    result.plan->made_by = made_by(arguments, options, reading);
    result.plan->search.progress = *progress;
  }
  write_result(arguments, result);
}

// "a, b,\nc": lines that fit beside the options.
std::string name_list(const std::vector<std::string>& names) {
  constexpr std::size_t kColumns = 70;
  std::string text;
  std::size_t line_begin = 0;
  for (const std::string& name : names) {
    if (!text.empty()) text += text.size() + name.size() - line_begin > kColumns ? ",\n" : ", ";
    if (text.ends_with('\n')) line_begin = text.size();
    text += name;
  }
  return text;
}

CLI::Validator integer_from(std::int64_t least, std::int64_t most) {
  return CLI::Range(least, most).description("");
}

void add_search(CLI::App& command, PlanArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const std::string& help) {
    return command.add_option(name, value, help)->type_name(type);
  };
  constexpr std::int64_t kMostSeed = std::numeric_limits<std::int64_t>::max();
  add("--topology", arguments.topology, "T",
      "8xH100-80GB, 2x8xA100-80GB (nodes x ranks), 4xcpu-16GiB, or a JSON file")
      ->required();
  add("--constraints", arguments.constraints, "FILE",
      "What plans must keep to, beside the constraints of TABLES (docs/plan_format.md)");
  add("--train-config", arguments.train_config, "FILE",
      "Reserve on every rank what the dense part of this training and\nthe batches that it reads "
      "ahead take");
  add("--dense-features", arguments.dense_features, "N", "Of each sample of that training")
      ->check(integer_from(0, kMostDenseFeatures))
      ->capture_default_str();
  add("--batch-size", arguments.batch_size, "N",
      "Samples per step over all ranks (default: the spec's, else 512 per rank)")
      ->check(integer_from(1, kMostSamples));
  add("--types", arguments.types, "A,B", "Allowed types (default table_wise,column_wise)");
  add("--algorithm", arguments.algorithm, "A", name_list(algorithm_names()))->capture_default_str();
  add("--cost-model", arguments.cost_model, "M",
      fmt::format("{}\n(default: what is shipped for the ranks' device and link)",
                  cost_models_help()));
  add("--objective", arguments.objective, "O",
      "What is reported as cost: step (slowest rank of each phase,\nsummed), max_sum (largest "
      "total "
      "of a rank), memory (fullest rank)")
      ->capture_default_str();
  add("--memory-model", arguments.memory_model, "M",
      "What must fit: full (weights, optimizer state, buffers), overlap\n(full, for training with "
      "overlap), weights, torchrec")
      ->capture_default_str();
  add("--unique-rows", arguments.unique_rows, "W",
      "Tables whose distinct rows are exchanged in place of pooled\nvalues: none, cheaper (those "
      "for which that costs less), all\n(default none; with --from as in that plan)");
  add("--seed", arguments.seed, "N", "For algorithms that draw")
      ->check(integer_from(0, kMostSeed))
      ->capture_default_str();
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
  add_table_source(*command, arguments->source);
  add_search(*command, *arguments);
  add_effort(*command, arguments->effort);
  add_earlier_plan(*command, arguments->earlier);
  command->add_flag("--json", arguments->json, "Print the predictions as one JSON document");
  command->add_option("-o,--output", arguments->output, "Plan file to write; - is standard output")
      ->type_name("FILE");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
