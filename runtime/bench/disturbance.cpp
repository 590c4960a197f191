#include "runtime/bench/disturbance.hpp"

#include "runtime/trainer/stopwatch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace shardwright {
namespace {

constexpr std::size_t kValues = std::size_t{1} << 26;  // 256 MB of floats
constexpr std::size_t kRow = 64;                       // floats
constexpr std::size_t kRemembered = 1024;              // times

template <class Work>
double milliseconds(Work work) {
  Stopwatch stopwatch;
  work();
  return stopwatch.lap_ms();
}

}  // namespace

double QuietLevel::ratio(double time) {
  if (times_.size() < kRemembered) {
    times_.push_back(time);
  } else {
    times_[next_] = time;
    next_ = (next_ + 1) % kRemembered;
  }
  std::vector<double> sorted = times_;
  const auto tenth = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 10);
  std::nth_element(sorted.begin(), tenth, sorted.end());
  return time / *tenth;
}

Disturbance::Disturbance() : values_(kValues, 1.0F), random_(1) {
  constexpr int kFirst = 50;  // so that the first answers have something to compare with
  for (int i = 0; i < kFirst; ++i) now();
}

double Disturbance::now() {
  constexpr double kQuietCore = 1.1;
  constexpr double kQuietMemory = 1.25;  // single probes of memory scatter by a tenth
  return std::max(core_.ratio(multiply_add()) / kQuietCore,
                  memory_.ratio(read_randomly()) / kQuietMemory);
}

double Disturbance::multiply_add() {
  constexpr std::size_t kRounds = 4000;
  constexpr std::size_t kCached = 16 * kRow;  // floats that the first cache keeps
  std::array<float, kRow> sums{};
  const double spent = milliseconds([&] {
    for (std::size_t i = 0; i < kRounds; ++i) {
      const float* row = values_.data() + i * kRow % kCached;
      for (std::size_t c = 0; c < kRow; ++c) sums[c] += 1.5F * row[c];
    }
  });
  for (const float value : sums) sum_ += value;  // nothing of it must be optimised away
  return spent;
}

double Disturbance::read_randomly() {
  constexpr int kRows = 1000;
  std::array<float, kRow> sums{};
  const double spent = milliseconds([&] {
    for (int i = 0; i < kRows; ++i) {
      const float* row = values_.data() + random_.below(kValues / kRow) * kRow;
      for (std::size_t c = 0; c < kRow; ++c) sums[c] += row[c];
    }
  });
  for (const float value : sums) sum_ += value;  // nothing of it must be optimised away
  return spent;
}

}  // namespace shardwright
