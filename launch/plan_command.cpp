#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/commands.hpp"
#include "planner/describe_plan.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/rating_json.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/search/search.hpp"
#include "planner/spec/cell.hpp"
#include "planner/spec/read_workload.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct PlanArguments {
  SpecSource source;
  std::string topology;
  std::string types;
  std::string algorithm = SearchOptions{}.algorithm;
  std::string cost_model = "analytic";
  std::string objective = "step";
  std::string memory_model = "full";
  std::int64_t batch_size = 0;
  std::int64_t seed = 1;
  bool json = false;
  std::string output;
};

constexpr std::int64_t kDefaultSamplesPerRank = 512;

void say(const std::string& sentence) { fmt::print(stderr, "{}\n", sentence); }

std::string read_batch_size(const PlanArguments& arguments, const Topology& topology,
                            Workload& workload) {
  if (arguments.batch_size > 0) workload.batch_size = arguments.batch_size;
  if (workload.batch_size > 0) return "";
  workload.batch_size = kDefaultSamplesPerRank * topology.size();
  return fmt::format(
      "No batch size was given: {} samples a step over all ranks are assumed, {} per rank "
      "(--batch-size).",
      workload.batch_size, kDefaultSamplesPerRank);
}

std::vector<ShardingType> parse_types(const std::string& list) {
  std::vector<ShardingType> types;
  for (const std::string_view type : split_list(list, ',')) {
    try {
      types.push_back(parse_sharding_type(type));
    } catch (const InputError& error) {
      throw UsageError(fmt::format("--types: {}", error.what()));
    }
  }
  return types;
}

SearchOptions search_options(const PlanArguments& arguments) {
  SearchOptions options;
  options.algorithm = arguments.algorithm;
  if (!arguments.types.empty()) options.types = parse_types(arguments.types);
  options.memory_model = parse_memory_model(arguments.memory_model);
  options.objective = parse_objective(arguments.objective);
  options.seed = static_cast<std::uint64_t>(arguments.seed);
  return options;
}

std::string names_of(const std::vector<ShardingType>& types) {
  std::vector<std::string_view> names;
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
  add("--batch-size", fmt::to_string(workload.batch_size));
  add("--types", arguments.types, "A,B", "Allowed types (default table_wise,column_wise)");
  add("--algorithm", arguments.algorithm, "A", algorithms)->capture_default_str();
  add("--cost-model", arguments.cost_model, "M", models)->capture_default_str();
  add("--objective", arguments.objective, "O",
      "What is reported as cost: step (slowest rank of each phase,\nsummed), max_sum (largest "
      "total "
      "of a rank), memory (fullest rank)")
      ->capture_default_str();
  add("--memory-model", arguments.memory_model, "M",
      "What must fit: full (weights, optimizer state, buffers),\nweights, torchrec")
      ->capture_default_str();
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
      "    --topology 2xcpu-1GiB -o -");
  const auto arguments = std::make_shared<PlanArguments>();
  add_tables(*command, *arguments);
  add_search(*command, *arguments);
  command->add_flag("--json", arguments->json, "Print the predictions as one JSON document");
  command->add_option("-o,--output", arguments->output, "Plan file to write; - is standard output")
      ->type_name("FILE");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
