#pragma once

#include <cstddef>
#include <cstdint>

namespace shardwright {

/// SplitMix64: a short stream of random numbers that is the same with every standard library.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream) : state_(seed * kOdd + stream) { next(); }

  std::uint64_t next() {
    std::uint64_t x = (state_ += kGolden);
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31U);
  }
  /// One of 0 … count − 1; the bias of at most count / 2^32 does not matter to a search.
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(((next() >> 32U) * static_cast<std::uint64_t>(count)) >> 32U);
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

 private:
  static constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;
  static constexpr std::uint64_t kOdd = 0xD1342543DE82EF95U;
  std::uint64_t state_;
};

}  // namespace shardwright
