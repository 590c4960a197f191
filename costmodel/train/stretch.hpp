#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <array>
#include <span>

namespace shardwright {

/// How a known machine's times become another's: a call takes e^longer times as long as the known
/// machine takes for e^larger times the bytes. That is exact where a time is a latency plus bytes
/// over a bandwidth, and takes the sizes at which a library changes protocols along.
struct Stretch {
  struct Part {
    double longer = 0;
    double larger = 0;
  };
  Part all;           ///< of every call
  Part per_doubling;  ///< added for every doubling of the ranks from 4, but to what is of samples
  std::array<Part, kNumCollectiveKinds>
      operations;   ///< added for an operation, in the order of CollectiveKind
  double loss = 0;  ///< −ln of the posterior density, but for a constant
};

/// The stretch of `known`, a setting that `model` was trained on, to the timings of another
/// machine: the most probable one under Gaussian priors around 0 and misses of 0.05 in ln(time).
Stretch fit_stretch(const CommModel& model, const CommSetting& known,
                    std::span<const CommTiming> timings);

/// ln µs of the call on the machine that `known` is stretched to.
double stretched_log_us(const CommModel& model, const CommSetting& known, const Stretch& stretch,
                        const CollectiveCall& call);

}  // namespace shardwright
