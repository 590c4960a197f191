#include "launch/plan_provenance.hpp"

#include "launch/shell_line.hpp"
#include "planner/input_file.hpp"
#include "planner/spec/cell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string_view>

namespace shardwright {
namespace {

// The command that makes the same plan again.
std::string command_line(const PlanArguments& arguments, const SearchOptions& options,
                         const Workload& workload) {
  const DlrmLists& lists = arguments.source.lists;
  std::vector<std::string> words = {"shardwright", "plan"};
  const auto add = [&](const std::string& flag, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {flag, value});
  };
  if (!arguments.source.file.empty()) words.push_back(arguments.source.file);
  add("--csv-model", arguments.source.csv_model);
  add("--num-embeddings-per-feature", lists.num_embeddings_per_feature);
  add("--arch-embedding-size", lists.arch_embedding_size);
  add("--multi-hot-sizes", lists.multi_hot_sizes);
  if (lists.embedding_dim) add("--embedding-dim", fmt::to_string(*lists.embedding_dim));
  add("--topology", arguments.topology);
  add("--probe", arguments.probe.value_or(""));
  add("--constraints", arguments.constraints);
  add("--train-config", arguments.training.config);
  if (!arguments.training.config.empty()) {
    add("--dense-features", fmt::to_string(arguments.training.dense_features));
  }
  add("--batch-size", fmt::to_string(workload.batch_size));
  add("--types", names_of_types(options.types));
  add("--algorithm", options.algorithm);
  add("--cost-model", arguments.cost_model);
  add("--objective", arguments.objective);
  add("--memory-model", arguments.memory_model);
  add("--unique-rows", arguments.unique_rows);
  add("--seed", fmt::to_string(options.seed));
  add("--from", arguments.earlier.file);
  add("--max-moved", arguments.earlier.max_moved);
  return shell_line(words) + effort_flags(arguments.effort);
}

}  // namespace

std::string names_of_types(const std::vector<ShardingType>& types) {
  std::vector<std::string_view> names;
  names.reserve(types.size());
  for (const ShardingType type : types) names.push_back(to_string(type));
  return fmt::to_string(fmt::join(names, ","));
}

MadeBy plan_made_by(const PlanArguments& arguments, const SearchOptions& options,
                    const WorkloadReading& reading) {
  MadeBy made_by{command_line(arguments, options, reading.workload), SHARDWRIGHT_VERSION,
                 reading.inputs};
  std::vector<std::string> files = {arguments.topology, arguments.constraints,
                                    arguments.training.config, arguments.earlier.file};
  for (const std::string_view model : split_list(arguments.cost_model, ',')) {
    files.emplace_back(model);
  }
  for (const std::string& file : files) {
    if (!std::filesystem::is_regular_file(file)) continue;
    made_by.inputs[file] = fingerprint(read_input_file(file).content);
  }
  return made_by;
}

}  // namespace shardwright
