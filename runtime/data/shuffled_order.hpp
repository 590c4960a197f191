#pragma once

#include <array>
#include <cstdint>

namespace shardwright {

/// An order of the samples 0 … size − 1 for one epoch, computed place by place: it takes no memory,
/// and depends on size, seed and epoch alone. Formula in docs/data_format.md.
class ShuffledOrder {
 public:
  /// `size`, at most 2^48, and `epoch` are 0 or more.
  ShuffledOrder(std::int64_t size, std::uint64_t seed, std::int64_t epoch);

  /// The sample at `position`, from 0 to size − 1.
  std::int64_t sample(std::int64_t position) const;

 private:
  std::uint64_t exchange(std::uint64_t value) const;

  static constexpr std::size_t kRounds = 6;
  std::uint64_t size_;
  unsigned half_bits_ = 1;
  std::array<std::uint64_t, kRounds> keys_ = {};
};

}  // namespace shardwright
