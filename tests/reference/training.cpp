#include "training.hpp"

#include "ranking.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace reference {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kEvaluationBatch = 4096;

/// Warm-up and polynomial decay as MLPerf's; steps count from 1 there.
double scheduled(const Settings& settings, double base, std::int64_t step) {
  const auto count = static_cast<double>(step + 1);
  const auto warmup = static_cast<double>(settings.warmup_steps);
  const auto start = static_cast<double>(settings.decay_start);
  const auto length = static_cast<double>(settings.decay_steps);
  if (count < warmup) return base * (1.0 - (warmup - count) / warmup);
  if (length == 0 || count < start) return base;
  const double left = std::max(length - (count - start), 1.0) / length;
  return std::max(base * std::pow(left, settings.decay_power),
                  std::min(base, settings.end_learning_rate));
}

LearningRates learning_rates(const Settings& settings, std::int64_t step) {
  return {scheduled(settings, settings.learning_rate, step),
          scheduled(settings, settings.dense_learning_rate, step)};
}

void evaluate(Model& model, const DataFolder& data, TrainingResult& result) {
  std::vector<float> probabilities;
  for (std::int64_t begin = 0; begin < data.samples; begin += kEvaluationBatch) {
    const auto part = model.predict(data, begin, std::min(begin + kEvaluationBatch, data.samples));
    probabilities.insert(probabilities.end(), part.begin(), part.end());
  }
  result.auc = area_under_curve(probabilities, data.labels);
  result.log_loss = log_loss(probabilities, data.labels);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

TrainingResult train(Model& model, const Settings& settings, const DataFolder& train_part,
                     const DataFolder& test_part) {
  TrainingResult result;
  const std::int64_t steps_per_epoch =
      (train_part.samples + settings.batch_size - 1) / settings.batch_size;
  const std::int64_t all_steps = settings.epochs * steps_per_epoch;
  const std::int64_t steps = std::min(all_steps, settings.max_steps.value_or(all_steps));
  const auto start = Clock::now();
  std::int64_t samples = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const std::int64_t begin = step % steps_per_epoch * settings.batch_size;
    const std::int64_t end = std::min(begin + settings.batch_size, train_part.samples);
    result.losses.push_back(model.step(train_part, begin, end, learning_rates(settings, step)));
    samples += end - begin;
    if ((step + 1) % steps_per_epoch == 0 || step + 1 == steps) {
      result.samples_per_s = static_cast<double>(samples) / seconds_since(start);
      std::fprintf(stderr, "reference: step %lld of %lld, loss %.6f, %.0f samples/s\n",
                   static_cast<long long>(step + 1), static_cast<long long>(steps),
                   result.losses.back(), result.samples_per_s);
    }
  }
  evaluate(model, test_part, result);
  std::fprintf(stderr, "reference: test AUC %.6f, log loss %.6f\n", result.auc, result.log_loss);
  return result;
}

}  // namespace reference
