#include "costmodel/machine_probe_json.hpp"

#include <string>

namespace shardwright {

nlohmann::json rates_to_json(const std::array<double, kNumProbes>& values) {
  nlohmann::json json = nlohmann::json::object();
  for (std::size_t k = 0; k < kNumProbes; ++k) json[std::string(kProbeNames[k])] = values[k];
  return json;
}

std::array<double, kNumProbes> rates_from_json(const JsonView& view, double least, double most) {
  std::array<double, kNumProbes> values{};
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    values[k] = view.at(std::string(kProbeNames[k])).number(least, most);
  }
  return values;
}

nlohmann::json probe_to_json(const MachineProbe& probe) { return rates_to_json(probe.rates); }

MachineProbe probe_from_json(const JsonView& view) {
  view.allow_keys({"copy_gb_s", "gather_gb_s", "fma_gflop_s"});
  return {rates_from_json(view, kLeastProbe, kMostProbe)};
}

}  // namespace shardwright
