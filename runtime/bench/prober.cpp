#include "runtime/bench/prober.hpp"

#include "runtime/embedding/huge_pages.hpp"
#include "runtime/trainer/stopwatch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace shardwright {
namespace {

constexpr std::size_t kValues = std::size_t{1} << 26;  // 256 MB of floats
constexpr std::size_t kCopied = std::size_t{1} << 16;  // 256 KB
constexpr std::size_t kRow = 128;                      // floats
constexpr std::size_t kLine = 16;                      // floats

/// 1e9 units a second.
template <class Work>
double rate(std::size_t units, Work work) {
  constexpr double kLeastMs = 1e-6;
  Stopwatch stopwatch;
  work();
  return static_cast<double>(units) * 1e-6 / std::max(stopwatch.lap_ms(), kLeastMs);
}

/// The first turns after other work are slower, the more so the more of the address translations
/// that a turn needs the work has displaced.
template <class Turn>
double warmed_up(Turn turn) {
  turn();
  turn();
  return turn();
}

template <std::size_t Size>
float total(const std::array<float, Size>& sums) {
  return std::accumulate(sums.begin(), sums.end(), 0.0F);
}

}  // namespace

Prober::Prober() : copied_(kValues / 4), random_(1) {
  values_.reserve(kValues);
  ask_for_huge_pages(values_.data(), kValues * sizeof(float));
  values_.resize(kValues, 1.0F);
}

MachineProbe Prober::now() {
  const double multiplied = multiply_add();
  const double copied = warmed_up([&] { return copy(); });
  return {{copied, warmed_up([&] { return read_randomly(); }), multiplied}};
}

double Prober::copy() {
  const auto place = [&](const LineVector<float>& values) {
    return static_cast<std::ptrdiff_t>(random_.below(values.size() / kCopied) * kCopied);
  };
  const auto from = values_.cbegin() + place(values_);
  const auto to = copied_.begin() + place(copied_);
  const double speed = rate(2 * kCopied * sizeof(float), [&] { std::copy_n(from, kCopied, to); });
  keep(*to);
  return speed;
}

double Prober::read_randomly() {
  constexpr std::size_t kRows = 2000;
  constexpr std::size_t kAhead = 8;
  std::array<const float*, kRows + kAhead> rows{};
  for (const float*& row : rows) row = values_.data() + random_.below(kValues / kRow) * kRow;
  std::array<float, kRow> sums{};
  const double speed = rate(kRows * kRow * sizeof(float), [&] {
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t c = 0; c < kRow; c += kLine) __builtin_prefetch(rows[i + kAhead] + c);
      for (std::size_t c = 0; c < kRow; ++c) sums[c] += rows[i][c];
    }
  });
  keep(total(sums));
  return speed;
}

double Prober::multiply_add() {
  constexpr std::size_t kRounds = 4000;
  constexpr std::size_t kSums = 64;
  constexpr std::size_t kCached = 16 * kSums;  // floats that the first cache keeps
  std::array<float, kSums> sums{};
  const double speed = rate(2 * kRounds * kSums, [&] {
    for (std::size_t i = 0; i < kRounds; ++i) {
      const float* values = values_.data() + i * kSums % kCached;
      for (std::size_t c = 0; c < kSums; ++c) sums[c] += 1.5F * values[c];
    }
  });
  keep(total(sums));
  return speed;
}

}  // namespace shardwright
