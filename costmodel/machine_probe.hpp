#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace shardwright {

/// In the order of kProbeNames.
enum Probe : std::size_t { probe_copy, probe_gather, probe_fma };
constexpr std::size_t kNumProbes = 3;
/// "copy_gb_s", "gather_gb_s", "fma_gflop_s".
extern const std::array<std::string_view, kNumProbes> kProbeNames;

/// "probe_copy_gb_s" …: what timings and models call a rate, k below kNumProbes.
std::string probe_column(std::size_t k);

/// Rates of one core of a machine at some time: copying between large arrays (1e9 bytes read plus
/// written a second), reading random rows of 512 bytes from memory, asked for ahead (1e9 bytes a
/// second), multiplying and adding values of the first cache (1e9 operations a second). In the
/// order of kProbeNames; all positive, or all 0 where nobody measured.
struct MachineProbe {
  std::array<double, kNumProbes> rates{};
  bool known() const { return rates.front() > 0; }
  bool operator==(const MachineProbe&) const = default;
};

/// Rate by rate; unknown unless all are known. At least one.
MachineProbe mean_probe(std::span<const MachineProbe> probes);

/// Rate by rate the median (of an even number the upper one) of those that are known.
MachineProbe median_probe(std::span<const MachineProbe> probes);

/// "22.6/5.3/7.3", in the order of kProbeNames.
std::string to_string(const MachineProbe& probe);
/// Reads that. Throws UsageError.
MachineProbe parse_probe(std::string_view text);

/// Between what rates of any machine lie.
constexpr double kLeastProbe = 1e-6;
constexpr double kMostProbe = 1e9;

/// Per rate ln(rate / reference's); 0 where either is unknown.
using Speeds = std::array<double, kNumProbes>;
Speeds relative_speeds(const MachineProbe& probe, const MachineProbe& reference);

/// What a reference's times are to be multiplied by, and what nets are told.
struct MachineSpeeds {
  double memory_time = 1;  ///< of lines of memory, by random reads
  double core_time = 1;    ///< of all else, by multiply-adds
  Speeds seen{};           ///< relative_speeds(), within what the nets were trained on
};

}  // namespace shardwright
