#include "ranking.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace reference {

double area_under_curve(const std::vector<float>& probabilities, const std::vector<float>& labels) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return probabilities[a] < probabilities[b]; });
  double positives = 0;
  double negatives = 0;
  double pairs = 0;  // (positive, negative) in the right order
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied_positives = 0;
    double tied = 0;
    for (; end < order.size() && probabilities[order[end]] == probabilities[order[begin]]; ++end) {
      tied_positives += labels[order[end]] > 0.5F ? 1 : 0;
      tied += 1;
    }
    const double tied_negatives = tied - tied_positives;
    pairs += tied_positives * (negatives + 0.5 * tied_negatives);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  return pairs / (positives * negatives);
}

double log_loss(const std::vector<float>& probabilities, const std::vector<float>& labels) {
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double p =
        labels[i] > 0.5F ? probabilities[i] : 1.0 - static_cast<double>(probabilities[i]);
    sum -= std::log(std::max(p, 1e-7));
  }
  return sum / static_cast<double>(labels.size());
}

}  // namespace reference
