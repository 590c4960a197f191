#include "costmodel/train/stretch.hpp"

#include "costmodel/train/linear_equations.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

constexpr std::size_t kParts = 2 + kNumCollectiveKinds;
constexpr std::size_t kParameters = 2 * kParts;
constexpr double kNoise = 0.05;  // ln: of a single timing
constexpr int kIterations = 15;
constexpr double kMostStep = 0.5;  // of a parameter in an iteration
// Latencies of machines differ less than their bandwidths, operations less than machines.
constexpr Stretch::Part kAllSd = {0.5, 1};
constexpr Stretch::Part kPerDoublingSd = {0.1, 0.15};
constexpr Stretch::Part kOperationSd = {0.15, 0.3};

using Vector = std::vector<double>;

Stretch::Part& part_of(Stretch& stretch, std::size_t i) {
  if (i == 0) return stretch.all;
  return i == 1 ? stretch.per_doubling : stretch.operations[i - 2];
}

const Stretch::Part& sd_of(std::size_t i) {
  if (i == 0) return kAllSd;
  return i == 1 ? kPerDoublingSd : kOperationSd;
}

// How often each part counts for a call.
std::array<double, kParts> shares_of(const CollectiveCall& call) {
  std::array<double, kParts> shares{};
  shares[0] = 1;
  shares[1] = value_of_factor(EffectFactor::log_ranks, call, 0);
  shares[2 + static_cast<std::size_t>(call.operation)] = 1;
  return shares;
}

Stretch::Part sum_for(const Stretch& stretch, const CollectiveCall& call) {
  const double doublings = shares_of(call)[1];
  const Stretch::Part& own = stretch.operations[static_cast<std::size_t>(call.operation)];
  return {stretch.all.longer + doublings * stretch.per_doubling.longer + own.longer,
          stretch.all.larger + doublings * stretch.per_doubling.larger + own.larger};
}

double log_us(const CommModel& model, const CommSetting& known, CollectiveCall call,
              double larger) {
  call.bytes *= std::exp(larger);
  call.mean_bytes *= std::exp(larger);
  return std::log(predict_us(model, known, call));
}

// d ln(time) / d ln(bytes), over a piece that is wide enough to be smooth.
double slope_at(const CommModel& model, const CommSetting& known, const CollectiveCall& call,
                double larger) {
  constexpr double kHalf = 0.2;
  return (log_us(model, known, call, larger + kHalf) - log_us(model, known, call, larger - kHalf)) /
         (2 * kHalf);
}

double prior_loss(Stretch stretch) {
  double sum = 0;
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto [longer, larger] = part_of(stretch, i);
    sum += std::pow(longer / sd_of(i).longer, 2) + std::pow(larger / sd_of(i).larger, 2);
  }
  return sum / 2;
}

// The normal equations of one step of Gauss and Newton, and the loss before it.
struct Step {
  std::vector<Vector> normal = std::vector<Vector>(kParameters, Vector(kParameters));
  Vector gradient = Vector(kParameters);
  double loss = 0;

  void add_prior(Stretch stretch) {
    for (std::size_t i = 0; i < kParameters; ++i) {
      const bool larger = i % 2 == 1;
      const Stretch::Part& part = part_of(stretch, i / 2);
      const double sd = larger ? sd_of(i / 2).larger : sd_of(i / 2).longer;
      normal[i][i] += 1 / (sd * sd);
      gradient[i] -= (larger ? part.larger : part.longer) / (sd * sd);
    }
    loss += prior_loss(stretch);
  }

  void add_row(const CollectiveCall& call, double slope, double miss) {
    const auto shares = shares_of(call);
    Vector row(kParameters);
    for (std::size_t i = 0; i < kParameters; ++i) {
      row[i] = shares[i / 2] * (i % 2 == 1 ? slope : 1) / kNoise;
    }
    for (std::size_t i = 0; i < kParameters; ++i) {
      gradient[i] += row[i] * miss / kNoise;
      for (std::size_t j = 0; j < kParameters; ++j) normal[i][j] += row[i] * row[j];
    }
    loss += std::pow(miss / kNoise, 2) / 2;
  }
};

Step step_at(const CommModel& model, const CommSetting& known, const Stretch& stretch,
             std::span<const CommTiming> timings) {
  Step step;
  step.add_prior(stretch);
  for (const CommTiming& timing : timings) {
    const double miss =
        std::log(timing.time_us) - stretched_log_us(model, known, stretch, timing.call);
    const double larger = sum_for(stretch, timing.call).larger;
    step.add_row(timing.call, slope_at(model, known, timing.call, larger), miss);
  }
  return step;
}

void move(Stretch& stretch, const Vector& by) {
  for (std::size_t i = 0; i < kParameters; ++i) {
    Stretch::Part& part = part_of(stretch, i / 2);
    (i % 2 == 1 ? part.larger : part.longer) += std::clamp(by[i], -kMostStep, kMostStep);
  }
}

}  // namespace

Stretch fit_stretch(const CommModel& model, const CommSetting& known,
                    std::span<const CommTiming> timings) {
  Stretch now;
  Stretch best;
  best.loss = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kIterations; ++i) {
    Step step = step_at(model, known, now, timings);
    now.loss = step.loss;
    if (now.loss < best.loss) best = now;
    move(now, solve_equations(std::move(step.normal), std::move(step.gradient)));
  }
  return best;
}

double stretched_log_us(const CommModel& model, const CommSetting& known, const Stretch& stretch,
                        const CollectiveCall& call) {
  const auto [longer, larger] = sum_for(stretch, call);
  return longer + log_us(model, known, call, larger);
}

}  // namespace shardwright
