#include "costmodel/machine_probe_json.hpp"

#include <string>

namespace shardwright {

nlohmann::json probe_to_json(const MachineProbe& probe) {
  nlohmann::json json = nlohmann::json::object();
  for (std::size_t k = 0; k < kNumProbes; ++k) json[std::string(kProbeNames[k])] = probe.rates[k];
  return json;
}

MachineProbe probe_from_json(const JsonView& view) {
  view.allow_keys({"copy_gb_s", "gather_gb_s", "fma_gflop_s"});
  MachineProbe probe;
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    probe.rates[k] = view.at(std::string(kProbeNames[k])).number(kLeastProbe, kMostProbe);
  }
  return probe;
}

}  // namespace shardwright
