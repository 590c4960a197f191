#pragma once

#include "costmodel/machine_probe.hpp"
#include "runtime/data/splitmix.hpp"
#include "runtime/embedding/line_vector.hpp"

#include <cstddef>

namespace shardwright {

/// Measures a MachineProbe within a millisecond, short enough to stand between what else is
/// measured. Holds 320 MB.
class Prober {
 public:
  Prober();
  MachineProbe now();

 private:
  double copy();
  double read_randomly();
  double multiply_add();
  void keep(float sum) { sum_ += sum; }

  LineVector<float> values_;
  LineVector<float> copied_;
  SplitMix64 random_;
  float sum_ = 0;  ///< of all that was read, so that nothing is optimised away
};

}  // namespace shardwright
