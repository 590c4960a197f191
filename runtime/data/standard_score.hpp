#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace shardwright {

/// Mean and standard deviation of a stream of values (Welford's method), and values in these units.
class StandardScore {
 public:
  void learn(double value) {
    count_ += 1;
    const double before = value - mean_;
    mean_ += before / count_;
    squares_ += before * (value - mean_);
  }
  double mean() const { return mean_; }
  double deviation() const { return count_ > 0 ? std::sqrt(squares_ / count_) : 0; }
  /// (value − mean) / deviation; 0 if all values learnt were the same.
  float score(double value) const {
    return deviation() > 0 ? static_cast<float>((value - mean_) / deviation()) : 0.0F;
  }
  std::string describe() const { return fmt::format("{:.6g} ± {:.6g}", mean(), deviation()); }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  ///< sum of squared distances from the mean
};

}  // namespace shardwright
