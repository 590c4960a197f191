#pragma once

#include <cstdint>

namespace shardwright {

/// SplitMix64: a stream of 64-bit numbers that any program can repeat from the seed. Small, and
/// good enough for data; its finaliser is `mix` of docs/training_math.md.
class SplitMix64 {
 public:
  explicit constexpr SplitMix64(std::uint64_t seed) : state_(seed) {}

  static constexpr std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9;
    x ^= x >> 27;
    x *= 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  constexpr std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }
  /// Uniform in [0, 1): 53 bits.
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Uniform in [low, high).
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Below `count` ≥ 1; uniform but for a bias of count / 2^64.
  constexpr std::uint64_t below(std::uint64_t count) { return next() % count; }

 private:
  std::uint64_t state_;
};

}  // namespace shardwright
