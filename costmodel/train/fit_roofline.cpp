#include "costmodel/train/fit_roofline.hpp"

#include "costmodel/train/linear_equations.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace shardwright {
namespace {

using Matrix = std::vector<std::vector<double>>;

struct Fit {
  const Matrix& terms;
  const std::vector<double>& times_ms;

  double predict(std::size_t row, const std::vector<double>& logs) const {
    double sum = 0;
    for (std::size_t k = 0; k < logs.size(); ++k) sum += std::exp(logs[k]) * terms[row][k];
    return sum;
  }

  double loss(const std::vector<double>& logs) const {
    double sum = 0;
    for (std::size_t row = 0; row < terms.size(); ++row) {
      const double miss = std::log(predict(row, logs) / times_ms[row]);
      sum += miss * miss;
    }
    return sum;
  }

  // The damped step of one iteration.
  std::vector<double> step(const std::vector<double>& logs, double damping) const {
    const std::size_t n = logs.size();
    Matrix normal(n, std::vector<double>(n));
    std::vector<double> gradient(n);
    std::vector<double> slope(n);
    for (std::size_t row = 0; row < terms.size(); ++row) {
      const double predicted = predict(row, logs);
      const double miss = std::log(predicted / times_ms[row]);
      for (std::size_t k = 0; k < n; ++k) slope[k] = std::exp(logs[k]) * terms[row][k] / predicted;
      for (std::size_t k = 0; k < n; ++k) {
        gradient[k] -= slope[k] * miss;
        for (std::size_t l = 0; l < n; ++l) normal[k][l] += slope[k] * slope[l];
      }
    }
    const double least = 1e-6 * static_cast<double>(terms.size());
    for (std::size_t k = 0; k < n; ++k) normal[k][k] += damping * normal[k][k] + least;
    return solve_equations(std::move(normal), std::move(gradient));
  }
};

// Each term as if it alone, shared evenly, made up the times.
std::vector<double> start_of(const Matrix& terms, const std::vector<double>& times_ms) {
  const auto n = static_cast<double>(terms.front().size());
  std::vector<double> logs(terms.front().size());
  for (std::size_t k = 0; k < logs.size(); ++k) {
    double time = 0;
    double units = 0;
    for (std::size_t row = 0; row < terms.size(); ++row) {
      if (terms[row][k] <= 0) continue;
      time += times_ms[row];
      units += terms[row][k];
    }
    constexpr double kNothing = -60;  // ln: a term without rows stays at 0
    logs[k] = units > 0 ? std::log(time / units / n) : kNothing;
  }
  return logs;
}

}  // namespace

std::vector<double> fit_roofline(const Matrix& terms, const std::vector<double>& times_ms) {
  constexpr int kIterations = 200;
  constexpr double kLeastLog = -50;
  const Fit fit{terms, times_ms};
  std::vector<double> logs = start_of(terms, times_ms);
  double loss = fit.loss(logs);
  double damping = 1e-2;
  for (int i = 0; i < kIterations && damping < 1e8; ++i) {
    std::vector<double> next = fit.step(logs, damping);
    for (std::size_t k = 0; k < logs.size(); ++k) {
      next[k] = std::max(logs[k] + std::clamp(next[k], -2.0, 2.0), kLeastLog - 10);
    }
    const double next_loss = fit.loss(next);
    const bool better = next_loss < loss;
    damping *= better ? 0.3 : 4;
    if (!better) continue;
    logs = std::move(next);
    loss = next_loss;
  }
  for (double& log : logs) log = log < kLeastLog ? 0 : std::exp(log);
  return logs;
}

}  // namespace shardwright
