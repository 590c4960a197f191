#include "costmodel/train/fit_comm_speeds.hpp"

#include "costmodel/train/linear_equations.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace shardwright {
namespace {

// ln µs, and ln of the rates over the reference's.
struct Sample {
  double log_time = 0;
  Speeds speeds{};
};

using Call = std::tuple<CommSetting, CollectiveKind, std::int64_t, std::int64_t, double,
                        std::int64_t, double>;
using Samples = std::map<Call, std::vector<Sample>>;

Call call_of(const CommTiming& row) {
  const CollectiveCall& call = row.call;
  return {row.setting, call.operation,     call.ranks,     call.nodes,
          call.bytes,  call.element_bytes, call.mean_bytes};
}

Sample mean_of(const std::vector<Sample>& samples) {
  Sample mean;
  const double share = 1 / static_cast<double>(samples.size());
  for (const Sample& sample : samples) {
    mean.log_time += share * sample.log_time;
    for (std::size_t k = 0; k < kNumProbes; ++k) mean.speeds[k] += share * sample.speeds[k];
  }
  return mean;
}

// Normal equations: of −Δ ln time over Δ speeds.
struct Equations {
  std::vector<std::vector<double>> a{kNumProbes, std::vector<double>(kNumProbes)};
  std::vector<double> b = std::vector<double>(kNumProbes);

  void add(const Sample& sample, const Sample& mean) {
    for (std::size_t i = 0; i < kNumProbes; ++i) {
      const double speed = sample.speeds[i] - mean.speeds[i];
      b[i] -= speed * (sample.log_time - mean.log_time);
      for (std::size_t j = 0; j < kNumProbes; ++j) {
        a[i][j] += speed * (sample.speeds[j] - mean.speeds[j]);
      }
    }
  }
};

// Exponents that come out negative are 0, and the others are found anew without them.
Speeds solve(const Equations& equations) {
  std::vector<std::size_t> free = {probe_copy, probe_gather, probe_fma};
  while (!free.empty()) {
    std::vector<std::vector<double>> a(free.size(), std::vector<double>(free.size()));
    std::vector<double> b(free.size());
    for (std::size_t i = 0; i < free.size(); ++i) {
      b[i] = equations.b[free[i]];
      for (std::size_t j = 0; j < free.size(); ++j) a[i][j] = equations.a[free[i]][free[j]];
    }
    const std::vector<double> found = solve_equations(std::move(a), std::move(b));
    const auto least = std::min_element(found.begin(), found.end());
    if (*least >= 0) {
      Speeds exponents{};
      for (std::size_t i = 0; i < free.size(); ++i) exponents[free[i]] = found[i];
      return exponents;
    }
    free.erase(free.begin() + (least - found.begin()));
  }
  return {};
}

double rounded(double exponent) {
  constexpr double kDigits = 1e4;
  return std::round(kDigits * exponent) / kDigits;
}

// Of all kinds for which `is_one` holds.
template <class Predicate>
Speeds fit_exponents(const Samples& calls, const Predicate& is_one) {
  constexpr double kScatter = 0.1;  // of ln time from run to run, whatever the speeds
  constexpr double kPrior = 0.5;    // of an exponent
  Equations equations;
  for (std::size_t k = 0; k < kNumProbes; ++k) {
    equations.a[k][k] = kScatter * kScatter / (kPrior * kPrior);
  }
  for (const auto& [call, samples] : calls) {
    if (!is_one(std::get<CollectiveKind>(call))) continue;
    const Sample mean = mean_of(samples);
    for (const Sample& sample : samples) equations.add(sample, mean);
  }
  Speeds exponents = solve(equations);
  std::transform(exponents.begin(), exponents.end(), exponents.begin(), rounded);
  return exponents;
}

}  // namespace

CommSpeeds fit_comm_speeds(std::span<const CommTiming> rows) {
  std::vector<MachineProbe> probes;
  for (const CommTiming& row : rows) probes.push_back(row.probe);
  CommSpeeds speeds;
  speeds.reference = median_probe(probes);
  Samples calls;
  for (const CommTiming& row : rows) {
    if (!row.probe.known() || row.call.wait_us > 0) continue;
    calls[call_of(row)].push_back(
        {std::log(row.time_us), relative_speeds(row.probe, speeds.reference)});
  }
  speeds.messages = fit_exponents(calls, [](CollectiveKind kind) { return !is_of_samples(kind); });
  speeds.local = fit_exponents(calls, is_local);
  speeds.in_place = fit_exponents(calls, is_in_place);
  return speeds;
}

std::vector<CommTiming> at_reference(std::span<const CommTiming> rows, const CommSpeeds& speeds) {
  std::vector<CommTiming> result(rows.begin(), rows.end());
  for (CommTiming& row : result) {
    row.time_us /= time_factor(speeds, row.call.operation, row.probe);
  }
  return result;
}

}  // namespace shardwright
