#include "planner/spec/constraints_json.hpp"
#include "tests/fuzz/targets.hpp"

#include <string>

namespace shardwright::fuzz {
namespace {

Table table_named(const std::string& name) {
  Table table;
  table.name = name;
  table.rows = 1000;
  table.dim = 16;
  table.features = {name};
  return table;
}

}  // namespace

void read_constraints(std::string_view input) {
  Workload workload{{table_named("user"), table_named("item"), table_named("shop")}, 64};
  Topology topology = read_topology("2x2xcpu-1GiB");
  apply_constraints({"input.json", std::string(input)}, workload, topology);
}

}  // namespace shardwright::fuzz
