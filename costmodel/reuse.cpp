#include "costmodel/reuse.hpp"

#include "costmodel/reuse_counts.hpp"
#include "costmodel/zipf.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

namespace shardwright {
namespace {

constexpr std::size_t kLastBin = std::tuple_size_v<ReuseHistogram> - 1;

void normalize(ReuseHistogram& histogram) {
  const double sum = std::accumulate(histogram.begin(), histogram.end(), 0.0);
  if (sum <= 0) return;
  for (double& share : histogram) share /= sum;
}

// Adds `weight` rows whose counts are Poisson with this mean; rows that nobody looks up (count 0)
// are left out. Walks from the most likely count to both sides, so nothing underflows.
void add_poisson(double mean, double weight, ReuseHistogram& histogram) {
  constexpr double kNegligible = 1e-17;
  constexpr double kSurelyLastBin = 40'000;  // 40 standard deviations above 32768
  if (mean > kSurelyLastBin) {
    histogram[kLastBin] += weight;
    return;
  }
  const auto mode = static_cast<std::int64_t>(mean);
  ReuseHistogram mass{};
  double zero = 0;
  const auto add = [&](std::int64_t count, double share) {
    (count == 0 ? zero : mass[reuse_bin(count)]) += share;
  };
  double share = 1;
  for (std::int64_t count = mode; share > kNegligible; ++count) {
    add(count, share);
    share *= mean / static_cast<double>(count + 1);
  }
  share = 1;
  for (std::int64_t count = mode; count > 0 && share > kNegligible; --count) {
    share *= static_cast<double>(count) / mean;
    add(count - 1, share);
  }
  const double total = std::accumulate(mass.begin(), mass.end(), zero);
  for (std::size_t bin = 0; bin < mass.size(); ++bin) histogram[bin] += weight * mass[bin] / total;
}

}  // namespace

double least_count(std::size_t bin) {
  return bin == 0 ? 0.5 : std::ldexp(1.0, static_cast<int>(bin) - 1) + 0.5;
}

double mean_count(std::size_t bin) {
  if (bin <= 1) return static_cast<double>(bin + 1);
  const double low = least_count(bin);
  const double high = 2 * low - 0.5;
  return std::log(high / low) / (1 / low - 1 / high);
}

std::size_t reuse_bin(std::int64_t count) {
  const auto bits = std::bit_width(static_cast<std::uint64_t>(count - 1));
  return std::min(static_cast<std::size_t>(bits), kLastBin);
}

ReuseHistogram measure_reuse(std::span<const std::int64_t> ids) {
  std::vector<std::int64_t> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  ReuseHistogram histogram{};
  for (auto run = sorted.begin(); run != sorted.end();) {
    const auto end = std::upper_bound(run, sorted.end(), *run);
    histogram[reuse_bin(end - run)] += 1;
    run = end;
  }
  normalize(histogram);
  return histogram;
}

double mean_reuse(const ReuseHistogram& histogram) {
  double mean = 0;
  double sum = 0;
  for (std::size_t bin = 0; bin < histogram.size(); ++bin) {
    mean += histogram[bin] * mean_count(bin);
    sum += histogram[bin];
  }
  return sum > 0 ? mean / sum : 0;
}

double thinned_rows(const ReuseHistogram& histogram, double kept) {
  double touched = 0;
  for (std::size_t bin = 0; bin < histogram.size(); ++bin) {
    touched -= histogram[bin] * std::expm1(mean_count(bin) * std::log1p(-kept));
  }
  return touched;
}

ReuseHistogram zipf_reuse(std::int64_t rows, double lookups, double skew) {
  constexpr double kStep = 0.1;
  ReuseHistogram histogram{};
  if (lookups <= 0) return histogram;
  for_each_zipf_rank(rows, skew, kStep, [&](double probability, double ranks) {
    add_poisson(lookups * probability, ranks, histogram);
  });
  normalize(histogram);
  return histogram;
}

double zipf_unique_rows(std::int64_t rows, double lookups, double skew) {
  constexpr double kStep = 0.5;
  if (lookups <= 0) return 0;
  double unique = 0;
  for_each_zipf_rank(rows, skew, kStep, [&](double probability, double ranks) {
    unique -= ranks * std::expm1(lookups * std::log1p(-std::min(probability, 1.0)));
  });
  return std::min({unique, lookups, static_cast<double>(rows)});
}

}  // namespace shardwright
