#include "costmodel/neural/comm_speeds.hpp"

#include <cmath>

namespace shardwright {

const Speeds& exponents_of(const CommSpeeds& speeds, CollectiveKind kind) {
  if (is_local(kind)) return speeds.local;
  return is_in_place(kind) ? speeds.in_place : speeds.messages;
}

double time_factor(const CommSpeeds& speeds, CollectiveKind kind, const MachineProbe& probe) {
  const Speeds& exponents = exponents_of(speeds, kind);
  const Speeds relative = relative_speeds(probe, speeds.reference);
  double log_factor = 0;
  for (std::size_t k = 0; k < kNumProbes; ++k) log_factor -= exponents[k] * relative[k];
  return std::exp(log_factor);
}

}  // namespace shardwright
