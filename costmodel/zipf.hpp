#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace shardwright {

/// The Zipf law of the synthetic ids: u uniform in [0,1), R rows, skew s;
/// rank = ⌊((R^(1−s) − 1)·u + 1)^(1/(1−s))⌋, so ranks run from 1 to R − 1, and
/// P(rank < x) = (x^(1−s) − 1) / (R^(1−s) − 1), with the limit ln x / ln R at s = 1.
class ZipfLaw {
 public:
  ZipfLaw(std::int64_t rows, double skew)
      : exponent_(1 - skew), scale_(unscaled(std::log(static_cast<double>(rows)))) {}

  /// P(rank < e^log_rank).
  double cumulative(double log_rank) const { return unscaled(log_rank) / scale_; }
  /// Its derivative by the rank.
  double density(double log_rank) const { return std::exp((exponent_ - 1) * log_rank) / scale_; }

 private:
  double unscaled(double log_rank) const {
    constexpr double kNearlyOne = 1e-9;
    if (std::abs(exponent_) < kNearlyOne) return log_rank;
    return std::expm1(exponent_ * log_rank) / exponent_;
  }

  double exponent_;
  double scale_;
};

/// Calls visit(probability, ranks) so that Σ ranks · f(probability) approximates the sum of f over
/// the probabilities of all ranks: the first ranks one by one, the tail by 3-point Gauss quadrature
/// on steps of `step` in ln(rank). Takes some hundred calls for 10^9 rows.
template <class Visit>
void for_each_zipf_rank(std::int64_t rows, double skew, double step, const Visit& visit) {
  constexpr std::int64_t kExactRanks = 64;
  if (rows <= 2) return visit(1.0, 1.0);
  const ZipfLaw law(rows, skew);
  const std::int64_t exact_end = std::min(rows, kExactRanks);
  double below = 0;
  for (std::int64_t rank = 1; rank < exact_end; ++rank) {
    const double up_to = law.cumulative(std::log(static_cast<double>(rank + 1)));
    visit(up_to - below, 1.0);
    below = up_to;
  }
  constexpr double kOffset = 0.774596669241483377;  // sqrt(3/5)
  constexpr std::array<std::array<double, 2>, 3> kGauss = {
      {{-kOffset, 5.0 / 18}, {0, 8.0 / 18}, {kOffset, 5.0 / 18}}};
  const double begin = std::log(static_cast<double>(exact_end));
  const double end = std::log(static_cast<double>(rows));
  const int steps = static_cast<int>(std::ceil((end - begin) / step));
  for (int i = 0; i < steps; ++i) {
    const double low = begin + i * step;
    const double width = std::min(step, end - low);
    for (const auto& [position, weight] : kGauss) {
      const double log_rank = low + width * (1 + position) / 2;
      visit(law.density(log_rank), weight * width * std::exp(log_rank));
    }
  }
}

}  // namespace shardwright
