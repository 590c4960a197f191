#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shardwright {

/// NeuroShard's 17 bins: share of the distinct rows of one batch that are looked up
/// (0,1], (1,2], (2,4], (4,8] … (16384,32768], > 32768 times. Sums to 1; all 0 without lookups.
using ReuseHistogram = std::array<double, 17>;

/// The bin that a row looked up `count` ≥ 1 times falls into.
std::size_t reuse_bin(std::int64_t count);

/// Histogram of one batch of ids, in any order. An empty batch gives all zeros.
ReuseHistogram measure_reuse(std::span<const std::int64_t> ids);

/// Lookups per distinct row that a histogram implies; 0 for the empty histogram. Counts within a
/// bin are taken to fall off as 1/count².
double mean_reuse(const ReuseHistogram& histogram);

/// Share of a batch's distinct rows that a random part of the batch, `kept` ∈ [0,1] of its lookups,
/// still touches: Σ over bins of share · (1 − (1 − kept)^count).
double thinned_rows(const ReuseHistogram& histogram, double kept);

/// Expected histogram of `lookups` ids drawn from `rows` rows by the Zipf law of definitions
/// ("Synthetic ids" in docs/definitions.md) with exponent `skew`, each row's count taken as
/// Poisson.
ReuseHistogram zipf_reuse(std::int64_t rows, double lookups, double skew = 1.05);

/// Expected number of distinct rows among `lookups` ids under the same law.
double zipf_unique_rows(std::int64_t rows, double lookups, double skew = 1.05);

}  // namespace shardwright
