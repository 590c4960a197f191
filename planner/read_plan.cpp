#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/table_json.hpp"
#include "costmodel/topology_json.hpp"
#include "planner/check.hpp"
#include "planner/input_file.hpp"
#include "planner/memory_model.hpp"
#include "planner/plan_json.hpp"
#include "planner/prediction_json.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace shardwright {
namespace {

using TableIds = std::map<std::string, TableId>;

// Runs a parser of names and, where it refuses, says where the name stands.
template <class Parse>
auto parse_name(const JsonView& view, const Parse& parse) {
  const std::string text = view.string();
  try {
    return parse(text);
  } catch (const Error& error) {
    throw InputError(fmt::format("{}: {}: {}", view.file(), view.path(), error.what()));
  }
}

Workload workload_from_json(const JsonView& document) {
  std::vector<SpecEntry> entries;
  for (const JsonView& table : document.at("tables").elements()) {
    entries.push_back({table.raw(), table.path()});
  }
  return {tables_of(entries, document.file()), document.at("batch_size").integer(1, kMostSamples)};
}

TableId table_id_from_json(const JsonView& view, const TableIds& ids) {
  const auto found = ids.find(view.string());
  if (found != ids.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, id] : ids) names.push_back(name);
  const std::string guess = nearest(view.string(), names);
  view.fail(guess.empty() ? "the name of one of the plan's tables"
                          : fmt::format("the name of one of the plan's tables, as \"{}\"", guess));
}

Shard shard_from_json(const JsonView& view, const TableIds& ids) {
  view.allow_keys({"table", "type", "row_begin", "row_end", "col_begin", "col_end", "rank",
                   "compute_kernel", "memory_tier"});
  Shard shard;
  shard.table = table_id_from_json(view.at("table"), ids);
  shard.type = parse_name(view.at("type"), parse_sharding_type);
  shard.row_begin = view.at("row_begin").integer(0);
  shard.row_end = view.at("row_end").integer(0);
  shard.col_begin = view.at("col_begin").integer(0);
  shard.col_end = view.at("col_end").integer(0);
  if (const auto rank = view.find("rank")) shard.rank = RankId(rank->integer(0));
  if (const auto kernel = view.find("compute_kernel")) {
    shard.storage.kernel = parse_name(*kernel, parse_compute_kernel);
  }
  if (const auto tier = view.find("memory_tier")) {
    shard.storage.tier = parse_name(*tier, parse_memory_tier);
  }
  return shard;
}

TableIds ids_of(const Workload& workload) {
  TableIds ids;
  for (std::size_t i = 0; i < workload.tables.size(); ++i) {
    ids.emplace(workload.tables[i].name, TableId::of(i));
  }
  return ids;
}

std::vector<Shard> shards_from_json(const JsonView& view, const Workload& workload) {
  const TableIds ids = ids_of(workload);
  std::vector<Shard> shards;
  for (const JsonView& shard : view.elements()) shards.push_back(shard_from_json(shard, ids));
  std::stable_sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
    return std::tie(a.table, a.row_begin, a.col_begin) <
           std::tie(b.table, b.row_begin, b.col_begin);
  });
  return shards;
}

std::vector<TableId> unique_rows_from_json(const JsonView& view, const Workload& workload) {
  const TableIds ids = ids_of(workload);
  std::vector<TableId> tables;
  for (const JsonView& name : view.elements()) tables.push_back(table_id_from_json(name, ids));
  std::sort(tables.begin(), tables.end());
  if (std::adjacent_find(tables.begin(), tables.end()) != tables.end()) {
    view.fail("names of tables, each once");
  }
  return tables;
}

void read_predicted(const JsonView& view, Plan& plan) {
  view.allow_keys({"cost_ms", "per_rank"});
  plan.cost_ms = view.at("cost_ms").number(0);
  const JsonView per_rank = view.at("per_rank");
  plan.predicted = predictions_from_json(per_rank);
  const auto count = static_cast<std::int64_t>(plan.predicted.size());
  if (count != 0 && count != plan.topology.size()) {
    per_rank.fail(fmt::format("one element for each of the {} ranks", plan.topology.size()));
  }
}

void read_reasons(const JsonView& view, Plan& plan) {
  for (const JsonView& reason : view.elements()) {
    const JsonView table = reason.at("table");
    const std::size_t index = plan.reasons.size();
    if (index >= plan.workload.tables.size() ||
        table.string() != plan.workload.tables[index].name) {
      table.fail("the plan's tables, each once and in their order");
    }
    plan.reasons.push_back(reason.at("why").string());
  }
}

ProgressPoint progress_point_from_json(const JsonView& view) {
  const auto pair = view.elements();
  if (pair.size() != 2) view.fail("an array [seconds, best cost]");
  return {pair[0].number(0), pair[1].number(0)};
}

SearchRecord search_from_json(const JsonView& view) {
  SearchRecord search;
  if (const auto found = view.find("algorithm")) search.algorithm = found->string();
  if (const auto found = view.find("seed")) {
    search.seed = static_cast<std::uint64_t>(found->integer(0));
  }
  if (const auto found = view.find("seconds")) search.seconds = found->number(0);
  if (const auto found = view.find("evaluations")) search.evaluations = found->integer(0);
  if (const auto found = view.find("stopped_by")) search.stopped_by = found->string();
  if (const auto found = view.find("progress")) {
    for (const JsonView& point : found->elements()) {
      search.progress.push_back(progress_point_from_json(point));
    }
  }
  return search;
}

MadeBy made_by_from_json(const JsonView& view) {
  MadeBy made_by;
  if (const auto found = view.find("command")) made_by.command = found->string();
  if (const auto found = view.find("version")) made_by.version = found->string();
  if (const auto found = view.find("inputs")) {
    for (const auto& [file, hash] : found->raw().items()) {
      made_by.inputs[file] = found->at(file).string();
    }
  }
  return made_by;
}

void read_models(const JsonView& document, Plan& plan) {
  if (const auto found = document.find("cost_model")) plan.cost_model = found->string();
  if (const auto found = document.find("memory_model")) {
    plan.memory_model = parse_name(*found, parse_memory_model);
  }
  if (const auto found = document.find("objective")) {
    plan.objective = parse_name(*found, parse_objective);
  }
}

Plan plan_from_json(const JsonView& document) {
  expect_schema(document, "plan");
  document.allow_keys({"schema", "plan_id", "batch_size", "tables", "topology", "shards",
                       "unique_rows", "cost_model", "memory_model", "objective", "predicted",
                       "reasons", "search", "made_by"});
  Plan plan;
  plan.workload = workload_from_json(document);
  plan.topology = topology_from_json(document.at("topology"));
  plan.shards = shards_from_json(document.at("shards"), plan.workload);
  if (const auto found = document.find("unique_rows")) {
    plan.unique_rows = unique_rows_from_json(*found, plan.workload);
  }
  read_models(document, plan);
  if (const auto found = document.find("predicted")) read_predicted(*found, plan);
  if (const auto found = document.find("reasons")) read_reasons(*found, plan);
  if (const auto found = document.find("search")) plan.search = search_from_json(*found);
  if (const auto found = document.find("made_by")) plan.made_by = made_by_from_json(*found);
  return plan;
}

}  // namespace

Plan read_plan_unchecked(const std::string& file) {
  return read_plan_unchecked(read_input_file(file));
}

Plan read_plan_unchecked(const InputFile& input) {
  const nlohmann::json json = parse_json(input.content, input.name);
  return plan_from_json(JsonView(json, input.name));
}

Plan read_plan(const std::string& file) {
  Plan plan = read_plan_unchecked(file);
  const auto problems = check_plan(plan);
  if (!problems.empty()) {
    throw InputError(fmt::format("{}: the plan has {} problem{} and cannot be used:\n  {}", file,
                                 problems.size(), problems.size() == 1 ? "" : "s",
                                 fmt::join(problems, "\n  ")));
  }
  return plan;
}

}  // namespace shardwright
