#include "runtime/profile/machine_probe.hpp"

#include "runtime/data/splitmix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <vector>

namespace shardwright {
namespace {

constexpr std::size_t kValues = std::size_t{1} << 27;  // 512 MB of floats
constexpr std::size_t kRow = 64;                       // floats

/// Seconds of the quickest of three runs.
template <class Work>
double seconds(Work work) {
  double best = 1e9;
  for (int run = 0; run < 3; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

double copy_rate(std::vector<float>& values) {
  const std::size_t half = values.size() / 2;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(half);
  const double spent = seconds([&] { std::copy(values.begin(), middle, middle); });
  return 1e-9 * 2 * static_cast<double>(half * sizeof(float)) / spent;
}

double gather_rate(const std::vector<float>& values, std::array<float, kRow>& sum) {
  constexpr std::size_t kRows = 400'000;
  SplitMix64 random(1);
  const double spent = seconds([&] {
    for (std::size_t i = 0; i < kRows; ++i) {
      const float* row = values.data() + random.below(values.size() / kRow) * kRow;
      for (std::size_t c = 0; c < kRow; ++c) sum[c] += row[c];
    }
  });
  return 1e-9 * static_cast<double>(kRows * kRow * sizeof(float)) / spent;
}

double multiply_add_rate(std::array<float, kRow>& sum) {
  constexpr std::size_t kRounds = 2'000'000;
  const double spent = seconds([&] {
    for (std::size_t i = 0; i < kRounds; ++i) {
      for (float& value : sum) value = value * 0.999F + 0.001F;
    }
  });
  return 1e-9 * 2 * static_cast<double>(kRounds * kRow) / spent;
}

}  // namespace

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::map<std::string, std::string> probe_machine() {
  std::vector<float> values(kValues, 1.0F);
  std::array<float, kRow> sum{};
  std::map<std::string, std::string> probe = {
      {"probe_copy_gb_s", fmt::format("{:.2f}", copy_rate(values))},
      {"probe_gather_gb_s", fmt::format("{:.2f}", gather_rate(values, sum))},
      {"probe_fma_gflop_s", fmt::format("{:.2f}", multiply_add_rate(sum))}};
  volatile float keep = sum[0];  // the work must not be optimised away
  static_cast<void>(keep);
  return probe;
}

}  // namespace shardwright
