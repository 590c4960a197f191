#include "launch/plan_arguments.hpp"

#include "launch/plan_under_model.hpp"
#include "launch/table_source.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>

#include <limits>
#include <vector>

namespace shardwright {
namespace {

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

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  names.reserve(kAllShardingTypes.size());
  for (const ShardingType type : kAllShardingTypes) names.emplace_back(to_string(type));
  return names;
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
  add("--probe", arguments.probe, "C/G/F",
      "What the ranks' processors do, as `profile probe` prints it\n(default: the topology's, else "
      "what the cost model was fitted to)");
  add("--constraints", arguments.constraints, "FILE",
      "What plans must keep to, beside the constraints of TABLES (docs/plan_format.md)");
  add_training_reserve(command, arguments.training);
  add("--batch-size", arguments.batch_size, "N",
      "Samples per step over all ranks (default: the spec's, else 512 per rank)")
      ->check(integer_from(1, kMostSamples));
  add("--types", arguments.types, "A,B",
      fmt::format("Allowed types (default table_wise,column_wise), of\n{}",
                  name_list(type_names())));
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

void add_plan_arguments(CLI::App& command, PlanArguments& arguments) {
  add_table_source(command, arguments.source);
  add_search(command, arguments);
  add_effort(command, arguments.effort);
  add_earlier_plan(command, arguments.earlier);
  command.add_flag("--json", arguments.json, "Print the predictions as one JSON document");
  command.add_option("-o,--output", arguments.output, "Plan file to write; - is standard output")
      ->type_name("FILE");
}

}  // namespace shardwright
