#include "planner/spec/tables_json.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/table_json.hpp"
#include "planner/spec/spec_entry.hpp"

#include <fmt/format.h>

namespace shardwright {
namespace {

void require_schema(const JsonView& document) {
  if (!document.find("schema")) {
    throw InputError(
        fmt::format("{}: the document has no \"schema\". If it is a table spec, add \"schema\": "
                    "\"shardwright.tables/1\" and list the tables under \"tables\".",
                    document.file()));
  }
  expect_schema(document, "tables");
}

}  // namespace

Workload tables_from_json(const InputFile& input) {
  const nlohmann::json json = parse_json(input.content, input.name);
  const JsonView document(json, input.name);
  require_schema(document);
  document.allow_keys({"schema", "batch_size", "tables", "made_by"});
  std::vector<SpecEntry> entries;
  for (const JsonView& table : document.at("tables").elements()) {
    entries.push_back({table.raw(), table.path()});
  }
  Workload workload;
  if (const auto batch = document.find("batch_size"))
    workload.batch_size = batch->integer(1, kMostSamples);
  workload.tables = tables_of(entries, input.name);
  return workload;
}

nlohmann::json tables_to_json(const Workload& workload) {
  nlohmann::json tables = nlohmann::json::array();
  for (const Table& table : workload.tables) tables.push_back(table_to_json(table));
  nlohmann::json document = {{"schema", "shardwright.tables/1"}, {"tables", std::move(tables)}};
  if (workload.batch_size > 0) document["batch_size"] = workload.batch_size;
  return document;
}

}  // namespace shardwright
