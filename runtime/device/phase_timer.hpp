#pragma once

#include "runtime/device/device_memory.hpp"

#include <memory>

namespace shardwright {

/// Times the phases of a step by marks in a stream, so that no phase must be waited for; a phase
/// lasts from the mark before it to its own, so that the host's work counts too. Each phase is an
/// NVTX range, for profilers.
class PhaseTimer {
 public:
  explicit PhaseTimer(DeviceStream stream);
  ~PhaseTimer();

  /// Forgets all marks and sets the first.
  void start();
  /// Runs `work`, which puts its work into the stream; its time is added to `milliseconds` by
  /// finish().
  template <class Work>
  void time(const char* phase, double& milliseconds, Work work) {
    begin(phase);
    work();
    end(milliseconds);
  }
  /// After all work of the stream has been waited for.
  void finish();

 private:
  void begin(const char* phase);
  void end(double& milliseconds);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shardwright
