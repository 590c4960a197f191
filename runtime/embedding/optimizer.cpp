#include "runtime/embedding/optimizer.hpp"

#include <array>
#include <cmath>
#include <cstddef>

namespace shardwright {

void update_sgd(std::span<float> w, std::span<const float> g, float learning_rate) {
  for (std::size_t c = 0; c < w.size(); ++c) w[c] -= learning_rate * g[c];
}

void update_adagrad(std::span<float> w, std::span<float> s, std::span<const float> g,
                    float learning_rate, float eps) {
  for (std::size_t c = 0; c < w.size(); ++c) {
    s[c] += g[c] * g[c];
    w[c] -= learning_rate * g[c] / (std::sqrt(s[c]) + eps);
  }
}

void update_rowwise_adagrad(std::span<float> w, float& s, std::span<const float> g,
                            double square_sum, std::int64_t dim, float learning_rate, float eps) {
  s += static_cast<float>(square_sum / static_cast<double>(dim));
  const float divisor = std::sqrt(s) + eps;
  for (std::size_t c = 0; c < w.size(); ++c) w[c] -= learning_rate * g[c] / divisor;
}

double sum_of_squares(std::span<const float> g) {
  std::array<double, 4> sums = {};
  for (std::size_t c = 0; c + 4 <= g.size(); c += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      const auto value = static_cast<double>(g[c + lane]);
      sums[lane] += value * value;
    }
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace shardwright
