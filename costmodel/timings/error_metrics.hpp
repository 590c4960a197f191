#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace shardwright {

/// How far predictions lie from what was measured. Both in the same unit, all positive.
struct ErrorSummary {
  std::size_t rows = 0;
  double geometric_mean_error = 0;           ///< exp(mean |ln(predicted / measured)|) − 1
  double geometric_mean_relative_error = 0;  ///< exp(mean ln |predicted / measured − 1|)
  double mean_signed_error = 0;              ///< mean of predicted / measured − 1
  double p95_relative_error = 0;             ///< of |predicted / measured − 1|, nearest rank
  double share_within_10_percent = 0;
  double kendall_tau = 0;  ///< tau-b over all pairs of rows; 0 for fewer than two rows
};

/// Throws std::invalid_argument for spans of different length or no rows.
ErrorSummary summarize_errors(std::span<const double> predicted, std::span<const double> measured);

/// Kendall's tau-b in O(n log n) (Knight 1966): 1 for the same order, −1 for the reverse one, 0 if
/// either side is constant.
double kendall_tau(std::span<const double> x, std::span<const double> y);

}  // namespace shardwright
