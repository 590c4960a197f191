#pragma once

#include <algorithm>

namespace shardwright {

/// How long a rank has waited for others, without what it did not see: a process that was stopped,
/// or whose host slept, must not accuse the others of hanging when it goes on.
class Waiting {
 public:
  explicit Waiting(double now_ms) : last_ms_(now_ms) {}

  /// Seconds until now; to be asked every second or more often.
  double seconds(double now_ms) {
    constexpr double kMostAtOnceMs = 2000;
    waited_ms_ += std::min(now_ms - last_ms_, kMostAtOnceMs);
    last_ms_ = now_ms;
    return waited_ms_ / 1000;
  }

 private:
  double waited_ms_ = 0;
  double last_ms_;
};

}  // namespace shardwright
