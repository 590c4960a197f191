#pragma once

#include <cstdint>

namespace shardwright {

/// Row numbers by the law of synthetic ids: for u uniform in [0, 1), R rows and skew s,
/// rank = ⌊((R^(1−s) − 1)·u + 1)^(1/(1−s))⌋ cut to R − 1 (its limit ⌊R^u⌋ at s = 1), and
/// row = rank · 2654435761 mod R, which scatters the popular rows over the table.
/// With R = 1000, s = 1.05 and u = 0.5 the rank is 23 and the row 23 · 2654435761 mod 1000 = 503.
class ZipfRows {
 public:
  ZipfRows(std::int64_t rows, double skew);
  std::int64_t row(double u) const;

  double exponent() const { return exponent_; }  ///< 1 − s
  double span() const { return span_; }          ///< R^(1−s) − 1, or ln R at s = 1

 private:
  std::int64_t rank(double u) const;

  std::int64_t rows_;
  double exponent_;
  double span_;
};

}  // namespace shardwright
