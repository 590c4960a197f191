#include "planner/spec/spec_entry.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/table_json.hpp"
#include "planner/list_some.hpp"

#include <fmt/format.h>

#include <map>

namespace shardwright {
namespace {

void check_unique(const std::vector<Table>& tables, const std::vector<SpecEntry>& entries,
                  const std::string& file) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto [found, is_new] = first.emplace(tables[i].name, i);
    if (is_new) continue;
    throw InputError(fmt::format(
        "{}: {}.name is \"{}\", a name that {} has already. Give every table its own name.", file,
        entries[i].place, tables[i].name, entries[found->second].place));
  }
}

// A feature's ids are sent to one table: which of two would have to be guessed.
void check_features(const std::vector<Table>& tables, const std::vector<SpecEntry>& entries,
                    const std::string& file) {
  std::map<std::string, std::size_t> reader;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    for (const std::string& feature : tables[i].features) {
      const auto [found, is_new] = reader.emplace(feature, i);
      if (is_new) continue;
      throw InputError(fmt::format(
          "{}: {}: table '{}' reads the feature '{}', which table '{}' ({}) reads already. A "
          "feature belongs to one table: give it another name in one of them (and in the data), or "
          "make them one table.",
          file, entries[i].place, tables[i].name, feature, tables[found->second].name,
          entries[found->second].place));
    }
  }
}

// What is not UTF-8 could not be written into a plan.
void check_encoding(const SpecEntry& entry, const std::string& file) {
  try {
    static_cast<void>(entry.table.dump());
  } catch (const nlohmann::json::type_error&) {
    throw InputError(fmt::format(
        "{}: {} holds text that is not UTF-8. Convert the file, for example with iconv.", file,
        entry.place));
  }
}

}  // namespace

std::vector<Table> tables_of(const std::vector<SpecEntry>& entries, const std::string& file) {
  if (entries.empty()) {
    throw InputError(fmt::format("{}: there are no tables. Expected at least one.", file));
  }
  std::vector<Table> tables;
  tables.reserve(entries.size());
  for (const SpecEntry& entry : entries) {
    check_encoding(entry, file);
    tables.push_back(table_from_json(JsonView(entry.table, file, entry.place)));
  }
  check_unique(tables, entries, file);
  check_features(tables, entries, file);
  return tables;
}

std::vector<std::string> workload_warnings(const Workload& workload) {
  std::vector<std::string> unused;
  for (const Table& table : workload.tables) {
    if (table.pooling == 0) unused.push_back(table.name);
  }
  if (unused.empty()) return {};
  return {fmt::format("{} of {} tables have pooling 0, so they are placed but never looked up: {}.",
                      unused.size(), workload.tables.size(),
                      list_some(unused, [](const std::string& name) { return name; }))};
}

}  // namespace shardwright
