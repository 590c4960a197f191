#pragma once

#include "costmodel/machine_probe.hpp"
#include "costmodel/timings/collective.hpp"

namespace shardwright {

/// How the times of collectives, local work and exchanges in place go with the speed of the ranks'
/// cores: time = time on the reference · Π over the rates (rate / reference rate)^−exponent. Fitted
/// by costmodel/train/fit_comm_speeds.
struct CommSpeeds {
  MachineProbe reference;  ///< whose times a model's curves are; unknown: they are of any machine
  Speeds messages{};       ///< exponents of what ranks send each other, from 0
  Speeds local{};          ///< of local work, from 0
  Speeds in_place{};       ///< of exchanges in place, from 0
  bool operator==(const CommSpeeds&) const = default;
};

/// Those of `speeds` that are of the kind.
const Speeds& exponents_of(const CommSpeeds& speeds, CollectiveKind kind);

/// What the reference's times of such a call are to be multiplied by on a machine; 1 where one of
/// the two is unknown.
double time_factor(const CommSpeeds& speeds, CollectiveKind kind, const MachineProbe& probe);

}  // namespace shardwright
