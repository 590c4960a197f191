#pragma once

#include "runtime/bench/prober.hpp"

#include <cstddef>
#include <vector>

namespace shardwright {

/// What one kind of work takes at quiet moments: the lower tenth of its last 1,024 times.
class QuietLevel {
 public:
  /// Remembers the time; returns how many times the quiet one it is.
  double ratio(double time);

 private:
  std::vector<double> times_;
  std::size_t next_ = 0;
};

/// A moment of a machine that others may use too.
struct Moment {
  double disturbance = 0;  ///< by others: at most 1 if quiet; 0: not looked at
  MachineProbe probe;
};

/// Tells moments at which others disturb this core or its memory (a virtual machine's neighbours on
/// the same physical core or memory channels come and go within seconds, and take up to half of the
/// speed) from quiet ones. Holds 320 MB.
class Disturbance {
 public:
  Disturbance();

  /// Probes the machine, within a millisecond, and says how much longer multiply-adds and random
  /// reads take than at this object's quiet moments.
  Moment now();

 private:
  Prober prober_;
  QuietLevel core_;
  QuietLevel memory_;
};

}  // namespace shardwright
