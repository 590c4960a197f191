#include "runtime/data/shuffled_order.hpp"

#include "runtime/data/splitmix.hpp"

#include <bit>

namespace shardwright {

ShuffledOrder::ShuffledOrder(std::int64_t size, std::uint64_t seed, std::int64_t epoch)
    : size_(static_cast<std::uint64_t>(size)) {
  const auto bits = static_cast<unsigned>(std::bit_width(size_));
  half_bits_ = (bits + 1) / 2;
  SplitMix64 random(SplitMix64::mix(seed) + static_cast<std::uint64_t>(epoch));
  for (std::uint64_t& key : keys_) key = random.next();
}

// A Feistel network: whatever a round mixes into one half, it can be taken out again, so no two
// values become the same.
std::uint64_t ShuffledOrder::exchange(std::uint64_t value) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_;
  std::uint64_t right = value & mask;
  for (const std::uint64_t key : keys_) {
    const std::uint64_t mixed = left ^ (SplitMix64::mix(right ^ key) & mask);
    left = right;
    right = mixed;
  }
  return left << half_bits_ | right;
}

// The network's values reach beyond the samples, at most four times as far; following it from one
// to the next comes back to a sample.
std::int64_t ShuffledOrder::sample(std::int64_t position) const {
  std::uint64_t value = exchange(static_cast<std::uint64_t>(position));
  while (value >= size_) value = exchange(value);
  return static_cast<std::int64_t>(value);
}

}  // namespace shardwright
