#include "costmodel/errors.hpp"
#include "costmodel/json/json_view.hpp"
#include "planner/check.hpp"
#include "planner/exchange/import.hpp"
#include "planner/plan_json.hpp"
#include "tests/fuzz/targets.hpp"

#include <optional>
#include <string>

namespace shardwright::fuzz {
namespace {

Table table_named(const std::string& name, std::int64_t rows) {
  Table table;
  table.name = name;
  table.rows = rows;
  table.dim = 16;
  table.features = {name};
  return table;
}

template <class Import>
void try_import(const Import& import) {
  try {
    import();
  } catch (const InputError&) {  // not of this kind
  }
}

void look_at(ImportedPlan imported) {
  imported.plan.workload.batch_size = 64;
  check_plan(imported.plan);
  plan_to_text(imported.plan);
}

}  // namespace

// TorchRec's plans with and without tables beside them, HugeCTR's, lists of configs, and headers of
// safetensors files.
void read_foreign_plans(std::string_view input) {
  const nlohmann::json document = parse_json(input, "input.json");
  const Workload tables{{table_named("user", 1000), table_named("item", 10)}, 0};
  const Topology topology = read_topology("2x2xcpu-1GiB");
  try_import([&] { look_at(import_torchrec(document, "input.json", {}, {}, topology)); });
  try_import([&] { look_at(import_torchrec(document, "input.json", {}, tables, topology)); });
  try_import([&] { look_at(import_hugectr(document, "input.json", tables, topology)); });
  try_import([&] { import_configs(document, "input.json"); });
  try_import([&] { import_safetensors(document, "input.json", {}); });
}

}  // namespace shardwright::fuzz
