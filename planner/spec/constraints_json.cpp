#include "planner/spec/constraints_json.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/table_json.hpp"
#include "planner/contradiction.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shardwright {
namespace {

using nlohmann::json;

std::size_t table_named(const Workload& workload, const JsonView& view) {
  const std::string name = view.string();
  std::vector<std::string> names;
  for (const Table& table : workload.tables) {
    if (table.name == name) return names.size();
    names.push_back(table.name);
  }
  const std::string guess = nearest(name, names);
  view.fail(guess.empty() ? "the name of a table"
                          : fmt::format("the name of a table; did you mean \"{}\"?", guess));
}

// The table's own reader checks what comes in, and says where in this file it stands.
void change_table(const JsonView& entry, Table& table) {
  json changed = table_to_json(table);
  for (const char* key : {"dtype", "optimizer"}) {
    if (const auto found = entry.find(key)) changed[key] = found->raw();
  }
  if (const auto constraints = entry.find("constraints")) {
    if (!constraints->raw().is_object()) constraints->fail("an object of constraints");
    json& own = changed["constraints"];
    for (const auto& [key, value] : constraints->raw().items()) own[key] = value;
  }
  table = table_from_json(JsonView(changed, entry.file(), entry.path()));
}

void change_tables(const JsonView& document, Workload& workload) {
  const auto tables = document.find("tables");
  if (!tables) return;
  for (const JsonView& entry : tables->elements()) {
    entry.allow_keys({"name", "constraints", "dtype", "optimizer"});
    const JsonView name = entry.at("name");
    if (name.string() == "*") {
      for (Table& table : workload.tables) change_table(entry, table);
    } else {
      change_table(entry, workload.tables[table_named(workload, name)]);
    }
  }
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Together: a chain is enough. Apart: every pair, named by the first of the two.
void add_group(const std::vector<JsonView>& names, bool together, Workload& workload) {
  std::vector<std::size_t> tables;
  for (const JsonView& name : names) {
    tables.push_back(table_named(workload, name));
    if (std::count(tables.begin(), tables.end(), tables.back()) > 1) {
      name.fail("a table that is not named before in the list");
    }
  }
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableConstraints& constraints = workload.tables[tables[i]].constraints;
    for (std::size_t j = i + 1; j < tables.size(); ++j) {
      const std::string& other = workload.tables[tables[j]].name;
      add_once(together ? constraints.together : constraints.apart, other);
      if (together) break;
    }
  }
}

void add_groups(const JsonView& document, const char* key, Workload& workload) {
  const auto groups = document.find(key);
  if (!groups) return;
  for (const JsonView& group : groups->elements()) {
    const auto names = group.elements();
    if (names.size() < 2) group.fail("a list of at least two tables");
    add_group(names, key == std::string_view("together"), workload);
  }
}

// What is wrong for these ranks may be right for others.
[[noreturn]] void contradict(const JsonView& view, const std::string& expected) try {
  view.fail(expected);
} catch (const InputError& error) {
  throw Contradiction(error.what());
}

std::int64_t integer_for_ranks(const JsonView& view, std::int64_t most) {
  const std::int64_t value = view.integer(0);
  if (value > most) contradict(view, fmt::format("an integer from 0 to {}", most));
  return value;
}

void exclude_ranks(const JsonView& document, Topology& topology) {
  const auto ranks = document.find("excluded_ranks");
  if (!ranks) return;
  for (const JsonView& rank : ranks->elements()) {
    const std::int64_t index = integer_for_ranks(rank, topology.size() - 1);
    topology.ranks[static_cast<std::size_t>(index)].excluded = true;
  }
}

void reserve(const JsonView& bytes, RankSpec& rank) {
  rank.reserved = Bytes(integer_for_ranks(bytes, rank.memory.value()));
}

void reserve_memory(const JsonView& document, Topology& topology) {
  const auto reserved = document.find("reserved_bytes");
  if (!reserved) return;
  if (!reserved->raw().is_array()) {
    for (RankSpec& rank : topology.ranks) reserve(*reserved, rank);
    return;
  }
  const auto each = reserved->elements();
  if (each.size() != topology.ranks.size()) {
    contradict(*reserved,
               fmt::format("one number, or one for each of the {} ranks", topology.size()));
  }
  for (std::size_t rank = 0; rank < each.size(); ++rank) reserve(each[rank], topology.ranks[rank]);
}

}  // namespace

void apply_constraints(const InputFile& input, Workload& workload, Topology& topology) {
  const json value = parse_json(input.content, input.name);
  const JsonView document(value, input.name);
  expect_schema(document, "constraints");
  document.allow_keys(
      {"schema", "tables", "together", "apart", "excluded_ranks", "reserved_bytes", "made_by"});
  change_tables(document, workload);
  add_groups(document, "together", workload);
  add_groups(document, "apart", workload);
  exclude_ranks(document, topology);
  reserve_memory(document, topology);
}

}  // namespace shardwright
