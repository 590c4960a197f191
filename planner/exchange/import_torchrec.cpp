#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/exchange/import.hpp"
#include "planner/exchange/left_out.hpp"
#include "planner/exchange/torchrec_layout.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace shardwright {
namespace {

using nlohmann::json;

JsonView module_of(const JsonView& modules, const std::optional<std::string>& module) {
  if (!modules.raw().is_object() || modules.raw().empty()) {
    modules.fail("an object with one member per embedding module");
  }
  if (module) return modules.at(*module);
  if (modules.raw().size() == 1) return modules.at(modules.raw().begin().key());
  std::vector<std::string> names;
  for (const auto& [name, value] : modules.raw().items()) names.push_back("'" + name + "'");
  throw InputError(fmt::format("{}: the plan has the modules {}; name one with --module.",
                               modules.file(), fmt::join(names, ", ")));
}

// Modules of the plan that are not read, and their tables.
void note_other_modules(const JsonView& modules, const JsonView& chosen,
                        std::vector<std::string>& losses) {
  for (const auto& [name, tables] : modules.raw().items()) {
    if (&tables == &chosen.raw() || tables.is_null()) continue;
    if (!tables.is_object()) {
      losses.push_back(
          fmt::format("The module '{}' is left out; it is no object of tables.", name));
      continue;
    }
    std::vector<std::string> names;
    for (const auto& [table, entry] : tables.items()) names.push_back("'" + table + "'");
    losses.push_back(fmt::format("The module '{}' is left out, with {} table{}: {}.", name,
                                 names.size(), names.size() == 1 ? "" : "s",
                                 fmt::join(names, ", ")));
  }
}

std::int64_t pair_at(const JsonView& shard, std::string_view key, std::size_t which) {
  const auto pair = shard.at(key).elements();
  if (pair.size() != 2) shard.at(key).fail("an array of two numbers, of rows and of columns");
  return pair[which].integer(0);
}

// "rank:3/cuda:1" → 3.
std::int64_t rank_of(const JsonView& placement) {
  constexpr std::string_view kPrefix = "rank:";
  const std::string text = placement.string();
  const std::string digits =
      text.starts_with(kPrefix) ? text.substr(kPrefix.size(), text.find('/') - kPrefix.size()) : "";
  if (digits.empty() || digits.size() > 9 ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    placement.fail("a placement, as \"rank:0/cuda:0\"");
  }
  return std::stoll(digits);
}

struct Entry {
  std::string name;
  ShardingType type;
  std::vector<Shard> shards;  // without table
};

// Where what begins at `begin` and has the size `which` of the shard ends.
std::int64_t end_of(const JsonView& shard, std::int64_t begin, std::size_t which) {
  std::int64_t end = 0;
  if (!__builtin_add_overflow(begin, pair_at(shard, "shard_sizes", which), &end)) return end;
  shard.at("shard_sizes").fail("sizes that end below 2^63");
}

// `placed`: the ranks that the shards name, empty ones too, or every rank.
void compare_ranks(const std::string& name, const JsonView& view,
                   const std::set<std::int64_t>& placed, std::vector<std::string>& losses) {
  const auto ranks = view.find("ranks");
  if (!ranks || ranks->raw().is_null()) return;
  std::set<std::int64_t> named;
  for (const JsonView& rank : ranks->elements()) named.insert(rank.integer(0));
  if (named == placed) return;
  losses.push_back(fmt::format("'{}' has the ranks {}, but lies on {}, which counts.", name,
                               fmt::join(named, ", "), fmt::join(placed, ", ")));
}

Shard shard_from(const JsonView& view, ShardingType type, LeftOut& left_out) {
  left_out.note(view, {"shard_offsets", "shard_sizes", "placement"});
  Shard shard;
  shard.type = type;
  shard.row_begin = pair_at(view, "shard_offsets", 0);
  shard.col_begin = pair_at(view, "shard_offsets", 1);
  shard.row_end = end_of(view, shard.row_begin, 0);
  shard.col_end = end_of(view, shard.col_begin, 1);
  shard.rank = RankId(rank_of(view.at("placement")));
  return shard;
}

Entry entry_from(const std::string& name, const JsonView& view, std::int64_t num_ranks,
                 LeftOut& left_out, std::vector<std::string>& losses) {
  left_out.note(view, {"sharding_type", "compute_kernel", "ranks", "shards"});
  Entry entry{name, ShardingType::table_wise, {}};
  try {
    entry.type = parse_torchrec_type(view.at("sharding_type").string());
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}: {}", view.file(), view.path(), error.what()));
  }
  const auto kernel = view.find("compute_kernel");
  if (kernel && kernel->string() != "fused" && kernel->string() != "dense") {
    losses.push_back(fmt::format("'{}' has the compute kernel {}; here it lies in device memory.",
                                 name, kernel->string()));
  }
  std::set<std::int64_t> placed;
  if (entry.type == ShardingType::data_parallel) {
    for (std::int64_t rank = 0; rank < num_ranks; ++rank) placed.insert(rank);
    compare_ranks(name, view, placed, losses);
    return entry;
  }
  for (const JsonView& shard : view.at("shards").elements()) {
    entry.shards.push_back(shard_from(shard, entry.type, left_out));
    placed.insert(entry.shards.back().rank->value());
  }
  compare_ranks(name, view, placed, losses);
  std::erase_if(entry.shards, [](const Shard& s) { return s.rows() == 0 || s.columns() == 0; });
  if (entry.shards.empty()) view.at("shards").fail("at least one shard that is not empty");
  std::sort(entry.shards.begin(), entry.shards.end(), [](const Shard& a, const Shard& b) {
    return std::tie(a.row_begin, a.col_begin) < std::tie(b.row_begin, b.col_begin);
  });
  return entry;
}

// The tables that the shards cover, in the plan's order.
Workload covered_tables(const std::vector<Entry>& entries, const std::string& file,
                        std::vector<std::string>& losses) {
  std::vector<SpecEntry> specs;
  for (const Entry& entry : entries) {
    if (entry.shards.empty()) {
      throw InputError(
          fmt::format("{}: '{}' is data_parallel and TorchRec's plan does not say how large it is; "
                      "give the tables with --tables.",
                      file, entry.name));
    }
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    for (const Shard& shard : entry.shards) {
      rows = std::max(rows, shard.row_end);
      columns = std::max(columns, shard.col_end);
    }
    specs.push_back({{{"name", entry.name}, {"rows", rows}, {"dim", columns}},
                     fmt::format("table '{}'", entry.name)});
  }
  losses.emplace_back(
      "TorchRec's plan does not say pooling, dtypes or optimizers: 1 id per sample, fp32 and "
      "rowwise_adagrad are assumed (--tables).");
  return {tables_of(specs, file), 0};
}

void place(const Entry& entry, const std::string& file, Plan& plan) {
  const auto& tables = plan.workload.tables;
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& table) { return table.name == entry.name; });
  if (found == tables.end()) {
    throw InputError(
        fmt::format("{}: the plan places '{}', which --tables does not have.", file, entry.name));
  }
  const TableId id = TableId::of(static_cast<std::size_t>(found - tables.begin()));
  if (entry.type == ShardingType::data_parallel) {
    plan.shards.push_back({id, entry.type, 0, found->rows, 0, found->dim, {}});
  }
  for (Shard shard : entry.shards) {
    shard.table = id;
    plan.shards.push_back(shard);
  }
}

}  // namespace

ImportedPlan import_torchrec(const json& document, const std::string& file,
                             const std::optional<std::string>& module,
                             const std::optional<Workload>& tables, const Topology& topology) {
  const JsonView whole(document, file);
  const JsonView modules = whole.find("plan").value_or(whole);
  const JsonView chosen = module_of(modules, module);
  ImportedPlan result;
  note_other_modules(modules, chosen, result.losses);
  LeftOut left_out;
  if (whole.find("plan")) left_out.note(whole, {"plan"});
  std::vector<Entry> entries;
  for (const auto& [name, value] : chosen.raw().items()) {
    entries.push_back(entry_from(name, chosen.at(name), topology.size(), left_out, result.losses));
  }
  left_out.report(result.losses);
  result.plan.workload = tables ? *tables : covered_tables(entries, file, result.losses);
  result.plan.topology = topology;
  for (const Entry& entry : entries) place(entry, file, result.plan);
  std::stable_sort(result.plan.shards.begin(), result.plan.shards.end(),
                   [](const Shard& a, const Shard& b) { return a.table < b.table; });
  return result;
}

}  // namespace shardwright
