#include "runtime/embedding/radix_sort.hpp"

#include "runtime/embedding/shared_chunks.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace shardwright {
namespace {

constexpr int kMostDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kMostDigitBits;

/// Bits of a key that one pass sorts by.
struct Digit {
  int shift = 0;
  std::uint64_t mask = 0;
  std::size_t of(std::uint64_t key) const { return (key >> shift) & mask; }
};

/// For each value of a digit how many keys have it, later where the next of them goes.
using DigitCounts = std::array<std::size_t, kDigits>;

using Keys = std::span<const std::uint64_t>;

/// So many digits, as equal as can be, that together have the `bits` from `shift` on.
std::vector<Digit> digits_of(int shift, int bits) {
  const int count = (bits + kMostDigitBits - 1) / kMostDigitBits;
  std::vector<Digit> digits;
  for (int i = 0; i < count; ++i) {
    const int begin = bits * i / count;
    const int end = bits * (i + 1) / count;
    digits.push_back({shift + begin, (1U << (end - begin)) - 1});
  }
  return digits;
}

void place_keys(Keys from, std::span<std::uint64_t> to, Digit digit, DigitCounts& next) {
  for (const std::uint64_t key : from) to[next[digit.of(key)]++] = key;
}

/// Of every digit, in one go through the keys.
std::vector<DigitCounts> count_digits(Keys keys, std::span<const Digit> digits) {
  std::vector<DigitCounts> counts(digits.size());
  for (const std::uint64_t key : keys) {
    for (std::size_t d = 0; d < digits.size(); ++d) ++counts[d][digits[d].of(key)];
  }
  return counts;
}

/// Of each digit's value the first chunk's keys go first, then the second's, and so on.
void find_places(std::span<DigitCounts> counts) {
  std::size_t begin = 0;
  for (std::size_t value = 0; value < kDigits; ++value) {
    for (DigitCounts& of_chunk : counts) begin += std::exchange(of_chunk[value], begin);
  }
}

void sort_alone(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch,
                std::span<const Digit> digits) {
  std::vector<DigitCounts> counts = count_digits(keys, digits);
  for (std::size_t d = 0; d < digits.size(); ++d) {
    find_places({&counts[d], 1});
    place_keys(keys, scratch, digits[d], counts[d]);
    keys.swap(scratch);
  }
}

/// Every chunk counts anew before each pass, for the pass before has moved its keys.
void sort_together(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch,
                   std::span<const Digit> digits, const SharedChunks& chunks) {
  std::vector<DigitCounts> counts(chunks.count());
  const auto keys_of = [&](std::size_t chunk) {
    return Keys(keys).subspan(chunks.begin(chunk), chunks.end(chunk) - chunks.begin(chunk));
  };
  for (const Digit digit : digits) {
    chunks.run([&](std::size_t chunk) {
      counts[chunk].fill(0);
      for (const std::uint64_t key : keys_of(chunk)) ++counts[chunk][digit.of(key)];
    });
    find_places(counts);
    chunks.run([&](std::size_t c) { place_keys(keys_of(c), scratch, digit, counts[c]); });
    keys.swap(scratch);
  }
}

}  // namespace

void radix_sort(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch, int shift,
                int bits, Workers* workers) {
  scratch.resize(keys.size());
  const std::vector<Digit> digits = digits_of(shift, bits);
  const SharedChunks chunks(keys.size(), workers);
  if (chunks.count() == 1) {
    sort_alone(keys, scratch, digits);
  } else {
    sort_together(keys, scratch, digits, chunks);
  }
}

}  // namespace shardwright
