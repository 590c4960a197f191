#pragma once

#include "runtime/bench/prober.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace shardwright {

/// Probes the machine before those of a job's steps that a TimingRecorder looks at: within a
/// millisecond each, on every rank, between two steps, so that all ranks are at it together. Holds
/// 320 MB until the last of them.
class StepProber {
 public:
  StepProber() : prober_(std::in_place) {}
  /// Of this rank, once per step; unknown after the last step that is looked at.
  MachineProbe next();

 private:
  std::optional<Prober> prober_;
  std::int64_t steps_ = 0;  ///< that were asked for
};

}  // namespace shardwright
