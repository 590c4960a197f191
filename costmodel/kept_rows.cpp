#include "costmodel/kept_rows.hpp"

#include "costmodel/reuse_counts.hpp"
#include "costmodel/zipf.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace shardwright {
namespace {

constexpr std::size_t kMixedBin = 4;  // counts from 9 to kKeptIds, of which the last is kept

// Of the rows in kMixedBin, by the law of mean_count().
double kept_of_mixed_bin() {
  const double low = least_count(kMixedBin);
  const double high = least_count(kMixedBin + 1);
  constexpr double kLeastKept = static_cast<double>(kKeptIds) - 0.5;
  return (1 / kLeastKept - 1 / high) / (1 / low - 1 / high);
}

// P(count < n) of a Poisson count.
double poisson_below(double mean, std::int64_t n) {
  double term = std::exp(-mean);
  double sum = 0;
  for (std::int64_t count = 0; count < n; ++count) {
    sum += term;
    term *= mean / static_cast<double>(count + 1);
  }
  return std::min(sum, 1.0);
}

}  // namespace

KeptShare kept_share(const ReuseHistogram& reuse) {
  const double mean = mean_reuse(reuse);
  if (mean <= 0) return {};
  const double mixed = reuse[kMixedBin] * kept_of_mixed_bin();
  double all = 0;
  KeptShare kept{mixed, mixed * static_cast<double>(kKeptIds)};
  for (std::size_t bin = 0; bin < reuse.size(); ++bin) {
    all += reuse[bin];
    if (bin <= kMixedBin) continue;
    kept.rows += reuse[bin];
    kept.ids += reuse[bin] * mean_count(bin);
  }
  return {kept.rows / all, std::min(kept.ids / (mean * all), 1.0)};
}

KeptShare zipf_kept_share(std::int64_t rows, double lookups, double skew) {
  constexpr double kStep = 0.5;
  if (lookups <= 0) return {};
  double touched = 0;
  double ids = 0;
  KeptShare kept;
  for_each_zipf_rank(rows, skew, kStep, [&](double probability, double ranks) {
    const double mean = lookups * probability;
    touched -= ranks * std::expm1(-mean);
    ids += ranks * mean;
    kept.rows += ranks * (1 - poisson_below(mean, kKeptIds));
    kept.ids += ranks * mean * (1 - poisson_below(mean, kKeptIds - 1));
  });
  if (touched <= 0 || ids <= 0) return {};
  return {std::min(kept.rows / touched, 1.0), std::min(kept.ids / ids, 1.0)};
}

KeptShare expected_kept_share(const Table& table, std::int64_t batch_size) {
  if (table.reuse && mean_reuse(*table.reuse) > 0) return kept_share(*table.reuse);
  return zipf_kept_share(table.rows, table.pooling * static_cast<double>(batch_size));
}

double sums_of_both_passes(const ShardLoad& load, const KeptShare& kept) {
  return load.lookups * (2 - kept.ids) + load.unique_rows * kept.rows;
}

MovedBytes second_pass_bytes(const Table& table, const Shard& shard, const ShardLoad& load,
                             const KeptShare& kept) {
  constexpr double kValueBytes = 4;
  const double once = backward_bytes(table, shard, load).streamed;
  const double kept_sums = load.unique_rows * kept.rows * static_cast<double>(shard.columns());
  return {once * (1 - kept.ids) + 2 * kValueBytes * kept_sums, 0};
}

}  // namespace shardwright
