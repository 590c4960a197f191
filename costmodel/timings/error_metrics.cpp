#include "costmodel/timings/error_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>

namespace shardwright {
namespace {

constexpr double kSmallestError = 1e-9;  // so that one exact hit does not make a geometric mean 0

double pairs(double count) { return count * (count - 1) / 2; }

// Pairs within runs of equal neighbours.
template <class Equal>
double tied_pairs(std::size_t count, const Equal& equal) {
  double tied = 0;
  for (std::size_t begin = 0, i = 1; i <= count; ++i) {
    if (i < count && equal(i - 1, i)) continue;
    tied += pairs(static_cast<double>(i - begin));
    begin = i;
  }
  return tied;
}

// Sorts and returns the number of pairs that stood in the wrong order.
double sort_and_count_inversions(std::span<double> values, std::vector<double>& scratch) {
  if (values.size() < 2) return 0;
  const auto left = values.first(values.size() / 2);
  const auto right = values.subspan(values.size() / 2);
  double inversions =
      sort_and_count_inversions(left, scratch) + sort_and_count_inversions(right, scratch);
  scratch.clear();
  auto l = left.begin();
  for (const double value : right) {
    while (l != left.end() && *l <= value) scratch.push_back(*l++);
    inversions += static_cast<double>(left.end() - l);
    scratch.push_back(value);
  }
  scratch.insert(scratch.end(), l, left.end());
  std::copy(scratch.begin(), scratch.end(), values.begin());
  return inversions;
}

double percentile(std::vector<double> values, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace

double kendall_tau(std::span<const double> x, std::span<const double> y) {
  const std::size_t count = x.size();
  if (count != y.size()) throw std::invalid_argument("kendall_tau: lengths differ");
  if (count < 2) return 0;
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] < x[b] : y[a] < y[b]; });
  std::vector<double> sorted;
  sorted.reserve(count);
  for (const std::size_t i : order) sorted.push_back(y[i]);
  const auto same_x = [&](std::size_t a, std::size_t b) { return x[order[a]] == x[order[b]]; };
  const double tied_x = tied_pairs(count, same_x);
  const double tied_both = tied_pairs(count, [&](std::size_t a, std::size_t b) {
    return same_x(a, b) && y[order[a]] == y[order[b]];
  });
  std::vector<double> scratch;
  const double discordant = sort_and_count_inversions(sorted, scratch);
  const double tied_y =
      tied_pairs(count, [&](std::size_t a, std::size_t b) { return sorted[a] == sorted[b]; });
  const double all = pairs(static_cast<double>(count));
  const double scale = std::sqrt((all - tied_x) * (all - tied_y));
  return scale > 0 ? (all - tied_x - tied_y + tied_both - 2 * discordant) / scale : 0;
}

ErrorSummary summarize_errors(std::span<const double> predicted, std::span<const double> measured) {
  if (predicted.size() != measured.size() || predicted.empty()) {
    throw std::invalid_argument("summarize_errors: no rows, or lengths differ");
  }
  ErrorSummary summary;
  summary.rows = predicted.size();
  const auto rows = static_cast<double>(summary.rows);
  std::vector<double> relative;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double ratio = predicted[i] / measured[i];
    relative.push_back(std::abs(ratio - 1));
    summary.geometric_mean_error += std::abs(std::log(ratio)) / rows;
    summary.geometric_mean_relative_error +=
        std::log(std::max(relative.back(), kSmallestError)) / rows;
    summary.mean_signed_error += (ratio - 1) / rows;
    summary.share_within_10_percent += relative.back() <= 0.1 ? 1 / rows : 0;
  }
  summary.geometric_mean_error = std::expm1(summary.geometric_mean_error);
  summary.geometric_mean_relative_error = std::exp(summary.geometric_mean_relative_error);
  summary.p95_relative_error = percentile(std::move(relative), 0.95);
  summary.kendall_tau = kendall_tau(predicted, measured);
  return summary;
}

}  // namespace shardwright
