#include "costmodel/default_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/commands.hpp"
#include "launch/constraint_files.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/print_json.hpp"
#include "launch/search_effort.hpp"
#include "launch/table_source.hpp"
#include "launch/training_reserve.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/search/unique_rows_search.hpp"
#include "planner/spec/cell.hpp"
#include "planner/spec/constraints_json.hpp"
#include "planner/spec/spec_entry.hpp"
#include "planner/sweep/sweep.hpp"

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {
namespace {

struct SweepArguments {
  SpecSource source;
  std::string topologies;
  std::string batch_sizes;
  std::string constraints;
  TrainingReserve training;
  std::string types;
  std::string algorithm = SearchOptions{}.algorithm;
  std::string cost_model;  ///< empty: the defaults of the topologies
  std::string objective = "step";
  std::string memory_model = "full";
  std::string unique_rows = "none";
  std::int64_t seed = 1;
  EffortArguments effort;
  bool json = false;
  std::string output;
};

std::vector<std::int64_t> parse_batch_sizes(const std::string& list) {
  std::vector<std::int64_t> sizes;
  for (const std::string_view part : split_list(list, ',')) {
    const nlohmann::json value = number_or_text(part);
    if (!value.is_number_integer() || value < 1 || value > kMostSamples) {
      throw UsageError(
          fmt::format("--batch-sizes: '{}' is not a number of samples from 1 on.", part));
    }
    sizes.push_back(value);
  }
  return sizes;
}

// Each with the cost model of that name, or its default if there is none.
std::vector<NamedTopology> read_topologies(const std::string& list, const std::string& cost_model) {
  std::vector<std::string> names;
  std::vector<Topology> topologies;
  for (const std::string_view part : split_list(list, ',')) {
    names.emplace_back(part);
    topologies.push_back(read_topology(names.back()));
  }
  std::vector<std::string> models(names.size(), cost_model);
  if (cost_model.empty()) models = default_cost_models(topologies);
  std::vector<NamedTopology> named;
  for (std::size_t i = 0; i < names.size(); ++i) {
    named.push_back({names[i], topologies[i], make_cost_model(models[i])});
    fmt::print(stderr, "{}: {}\n{}: Cost model {} ({}).\n", names[i],
               describe_topology(topologies[i]), names[i], models[i],
               named.back().cost_model->provenance());
  }
  return named;
}

SearchOptions search_options(const SweepArguments& arguments) {
  SearchOptions options;
  options.algorithm = arguments.algorithm;
  if (!arguments.types.empty()) options.types = parse_type_list(arguments.types);
  options.memory_model = parse_memory_model(arguments.memory_model);
  options.objective = parse_objective(arguments.objective);
  options.seed = static_cast<std::uint64_t>(arguments.seed);
  apply_effort(arguments.effort, options);
  return options;
}

// What the files say that every point is planned by, read once.
struct SweepInputs {
  std::optional<InputFile> constraints;
  nlohmann::json training;
};

SweepInputs read_inputs(const SweepArguments& arguments) {
  SweepInputs inputs{{}, read_training(arguments.training)};
  if (!arguments.constraints.empty()) inputs.constraints = read_input_file(arguments.constraints);
  return inputs;
}

struct Sized {
  Workload workload;
  Topology topology;
};

SearchResult search(const SweepArguments& arguments, const SearchOptions& options,
                    const Sized& sized, const CostModel& cost_model) try {
  return search_plan_with_unique_rows(sized.workload, sized.topology, cost_model, options,
                                      parse_unique_rows_choice(arguments.unique_rows));
} catch (const Contradiction& contradiction) {
  throw from_files(contradiction, {arguments.source, arguments.constraints});
}

// Under the constraints, as far as these ranks can keep to them, and with what a training takes
// reserved, which the batch decides.
SearchResult plan_one(const SweepArguments& arguments, const SweepInputs& inputs,
                      const SearchOptions& options, Sized sized, const NamedTopology& named) {
  const auto say = [&](std::string_view what) {
    fmt::print(stderr, "{}, {} samples: {}\n", named.name, sized.workload.batch_size, what);
  };
  if (inputs.constraints) apply_constraints(*inputs.constraints, sized.workload, sized.topology);
  SearchOptions own = options;
  for (const std::string& note : reserve_for_training(
           arguments.training, inputs.training, sized.workload, sized.topology, own.memory_model)) {
    say(note);
  }
  const std::string doubts = doubts_about(*named.cost_model, sized.workload, sized.topology);
  if (!doubts.empty()) say("Warning: " + doubts);
  return search(arguments, own, sized, *named.cost_model);
}

void write_result(const SweepArguments& arguments, const std::vector<SweepPoint>& points) {
  if (arguments.json) {
    print_json(sweep_to_json(points));
  } else if (arguments.output != "-") {
    fmt::print("{}", sweep_to_text(points));
  }
  if (arguments.output.empty()) return;
  write_file(arguments.output, sweep_to_csv(points));
  if (arguments.output != "-") fmt::print(stderr, "Wrote {}.\n", arguments.output);
}

void run(const SweepArguments& arguments) {
  if (arguments.json && arguments.output == "-") {
    throw UsageError("--json and -o - both want standard output; name a file for the CSV.");
  }
  SearchOptions options = search_options(arguments);
  parse_unique_rows_choice(arguments.unique_rows);  // a wrong option is told before files are read
  require_writable(arguments.output);
  const auto sizes = parse_batch_sizes(arguments.batch_sizes);
  const auto topologies = read_topologies(arguments.topologies, arguments.cost_model);
  const WorkloadReading reading = read_workload(arguments.source);
  for (const std::string& note : reading.notes) fmt::print(stderr, "{}\n", note);
  const SweepInputs inputs = read_inputs(arguments);
  end_on_interrupt(options);
  const auto points = sweep(
      reading.workload, topologies, sizes,
      [&](const Workload& sized, const NamedTopology& named) {
        return plan_one(arguments, inputs, options, {sized, named.topology}, named);
      },
      options.effort.interrupt);
  options.effort.progress = nullptr;  // wipes its line
  if (const std::size_t all = topologies.size() * sizes.size(); points.size() < all) {
    fmt::print(stderr, "Interrupted: {} of {} points are planned.\n", points.size(), all);
  }
  write_result(arguments, points);
}

}  // namespace

void add_sweep_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("sweep", "Plan for several topologies and batch sizes, and compare");
  command->footer(
      "Examples:\n"
      "  shardwright sweep tables.json --topologies 8xA100-80GB,8xH100-80GB,2x8xH100-80GB \\\n"
      "    --batch-sizes 16384,65536 -o sweep.csv");
  const auto arguments = std::make_shared<SweepArguments>();
  const auto add = [&](const char* name, auto& value, const char* type, const std::string& help) {
    return command->add_option(name, value, help)->type_name(type);
  };
  add_table_source(*command, arguments->source);
  add("--topologies", arguments->topologies, "T,T,...", "As --topology of plan takes them")
      ->required();
  add("--batch-sizes", arguments->batch_sizes, "N,N,...", "Samples per step over all ranks")
      ->required();
  add("--constraints", arguments->constraints, "FILE", "As plan's, of every topology");
  add_training_reserve(*command, arguments->training);
  add("--types", arguments->types, "A,B", "Allowed types (default as plan's)");
  add("--algorithm", arguments->algorithm, "A", "As plan's")->capture_default_str();
  add("--cost-model", arguments->cost_model, "M",
      fmt::format("{} (default: each topology's, as plan's, of\nthe parts that are fitted for all)",
                  cost_models_help()));
  add("--objective", arguments->objective, "O", "step, max_sum or memory")->capture_default_str();
  add("--memory-model", arguments->memory_model, "M", "full, overlap, weights or torchrec")
      ->capture_default_str();
  add("--unique-rows", arguments->unique_rows, "W", "none, cheaper or all, as plan's")
      ->capture_default_str();
  add("--seed", arguments->seed, "N", "For algorithms that draw")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()).description(""))
      ->capture_default_str();
  add_effort(*command, arguments->effort);
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->add_option("-o,--output", arguments->output, "CSV file to write; - is standard output")
      ->type_name("FILE");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
