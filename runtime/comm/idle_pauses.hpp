#pragma once

#include <algorithm>
#include <chrono>

namespace shardwright {

/// How long a rank that waits for others sleeps between two looks at what has arrived, where ranks
/// share cores: not at all for the first looks, then longer and longer, so that the others get the
/// core and what comes soon is not missed. Plain arithmetic; the caller sleeps.
class IdlePauses {
 public:
  /// After a look that found nothing; zero: let others run, but stay awake.
  std::chrono::microseconds next() {
    constexpr int kLooksAwake = 64;
    constexpr std::chrono::microseconds kShortest{10};
    constexpr std::chrono::microseconds kLongest{320};
    if (looks_ < kLooksAwake) {
      ++looks_;
      return std::chrono::microseconds{0};
    }
    pause_ = std::clamp(2 * pause_, kShortest, kLongest);
    return pause_;
  }
  /// After a look that found something.
  void restart() { *this = {}; }

 private:
  int looks_ = 0;
  std::chrono::microseconds pause_{0};
};

}  // namespace shardwright
