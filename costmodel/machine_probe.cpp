#include "costmodel/machine_probe.hpp"

#include "costmodel/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace shardwright {

const std::array<std::string_view, kNumProbes> kProbeNames = {"copy_gb_s", "gather_gb_s",
                                                              "fma_gflop_s"};

std::string probe_column(std::size_t k) { return fmt::format("probe_{}", kProbeNames[k]); }

std::string to_string(const MachineProbe& probe) {
  return fmt::format("{:.4g}", fmt::join(probe.rates, "/"));
}

MachineProbe parse_probe(std::string_view text) {
  MachineProbe probe;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    const bool separated = k == 0 || (at != end && *at++ == '/');
    const auto [next, error] = std::from_chars(at, end, probe.rates[k]);
    const bool last = k + 1 == kNumProbes;
    if (!separated || error != std::errc{} || (last && next != end) ||
        !(probe.rates[k] >= kLeastProbe && probe.rates[k] <= kMostProbe)) {
      throw UsageError(fmt::format(
          "The probe is '{}', expected GB/s of copying, GB/s of random rows and GFLOP/s of "
          "multiply-adds, as `shardwright profile probe` prints them, such as 22.6/5.3/7.3.",
          text));
    }
    at = next;
  }
  return probe;
}

Speeds relative_speeds(const MachineProbe& probe, const MachineProbe& reference) {
  Speeds speeds{};
  if (!probe.known() || !reference.known()) return speeds;
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    speeds[k] = std::log(probe.rates[k] / reference.rates[k]);
  }
  return speeds;
}

MachineProbe mean_probe(std::span<const MachineProbe> probes) {
  MachineProbe mean;
  for (const MachineProbe& probe : probes) {
    if (!probe.known()) return {};
    for (std::size_t k = 0; k < kNumProbes; ++k) {
      mean.rates[k] += probe.rates[k] / static_cast<double>(probes.size());
    }
  }
  return mean;
}

MachineProbe median_probe(std::span<const MachineProbe> probes) {
  MachineProbe median;
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    std::vector<double> rates;
    for (const MachineProbe& probe : probes) {
      if (probe.known()) rates.push_back(probe.rates[k]);
    }
    if (rates.empty()) return {};
    const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
    std::nth_element(rates.begin(), middle, rates.end());
    median.rates[k] = *middle;
  }
  return median;
}

}  // namespace shardwright
