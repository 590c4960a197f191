#pragma once

#include "runtime/data/splitmix.hpp"

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

/// Tells moments at which others disturb this core or its memory (a virtual machine's neighbours on
/// the same physical core or memory channels come and go within seconds, and take up to half of the
/// speed) from quiet ones. Holds 256 MB.
class Disturbance {
 public:
  Disturbance();

  /// Times a fixed run of multiply-adds and one of random reads of memory, 0.1 ms in all, and
  /// returns how much longer they take than at this object's quiet moments: the larger ratio, about
  /// 1 if quiet.
  double now();

 private:
  double multiply_add();
  double read_randomly();

  std::vector<float> values_;
  SplitMix64 random_;
  QuietLevel core_;
  QuietLevel memory_;
  float sum_ = 0;
};

}  // namespace shardwright
