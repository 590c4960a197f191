#include "costmodel/topology_json.hpp"
#include "tests/fuzz/targets.hpp"

#include <stdexcept>

namespace shardwright::fuzz {

void read_topology_json(std::string_view input) {
  const nlohmann::json document = parse_json(input, "input.json");
  const Topology topology = topology_from_json(JsonView(document, "input.json"));
  describe_topology(topology);
  const nlohmann::json written = topology_to_json(topology);
  if (!(topology_from_json(JsonView(written, "again.json")) == topology)) {
    throw std::logic_error("a topology changes on its way through a file");
  }
}

}  // namespace shardwright::fuzz
