#pragma once

#include "costmodel/machine_probe.hpp"
#include "runtime/profile/median.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardwright {

/// Times of passes, each with how disturbed the machine was then, and what it did a second.
class QuietTimes {
 public:
  void add(double ms, double disturbance, const MachineProbe& probe);

  /// Passes that were undisturbed.
  std::int64_t quiet() const;

  /// The median of the undisturbed passes, or, where they are fewer, of the `least` least disturbed
  /// ones. Its outliers are the passes that it leaves out. Of at least `least` passes.
  MedianTime median(std::int64_t least) const;

  /// The median of the probes of those passes.
  MachineProbe probe(std::int64_t least) const;

 private:
  std::vector<std::size_t> kept(std::int64_t least) const;

  std::vector<double> times_ms_;
  std::vector<double> disturbances_;
  std::vector<MachineProbe> probes_;
};

}  // namespace shardwright
