#include "runtime/profile/machine_probe.hpp"

#include "runtime/bench/prober.hpp"
#include "runtime/profile/cache_sweep.hpp"

#include <fmt/format.h>

#include <vector>

namespace shardwright {

MachineProbe probe_machine(const std::function<void()>& together) {
  constexpr int kTimes = 100;
  Prober prober;
  CacheSweep sweep;
  std::vector<MachineProbe> probes;
  for (int i = 0; i < kTimes; ++i) {
    sweep.run();
    together();
    probes.push_back(prober.now());
  }
  return median_probe(probes);
}

std::map<std::string, std::string> probe_metadata(const MachineProbe& probe) {
  std::map<std::string, std::string> metadata;
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    metadata.emplace(probe_column(k), fmt::format("{:.4g}", probe.rates[k]));
  }
  return metadata;
}

}  // namespace shardwright
