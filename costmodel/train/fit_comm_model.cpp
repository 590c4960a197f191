#include "costmodel/train/fit_comm_model.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/train/comm_curve_fit.hpp"
#include "costmodel/train/comm_design.hpp"
#include "costmodel/train/fit_comm_speeds.hpp"
#include "costmodel/train/fit_local_work.hpp"
#include "costmodel/train/one_thread.hpp"
#include "costmodel/train/split_calls.hpp"
#include "costmodel/train/start_comm_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shardwright {
namespace {

constexpr int kPatience = 5;         // steps without a better error
constexpr double kLeastGain = 1e-3;  // share by which an error must fall to count as better

double error_on(const CommModel& model, std::span<const CommTiming> rows) {
  double sum = 0;
  for (const CommTiming& row : rows) {
    sum += std::abs(std::log(predict_us(model, row.setting, row.call) / row.time_us));
  }
  return std::expm1(sum / static_cast<double>(rows.size()));
}

void report(const FitOptions& options, const FitProgress& progress) {
  if (options.progress) options.progress(progress);
}

// Watches an error fall; says when it has stopped to.
class BestSoFar {
 public:
  /// True if `error` is better than any before.
  bool add(double error) {
    const bool better = error < error_ * (1 - kLeastGain);
    without_gain_ = better ? 0 : without_gain_ + 1;
    if (better) error_ = error;
    return better;
  }
  bool has_stopped() const { return without_gain_ >= kPatience; }
  double error() const { return error_; }

 private:
  double error_ = std::numeric_limits<double>::infinity();
  int without_gain_ = 0;
};

struct Validated {
  std::int64_t iterations = 0;
  double error = 0;
};

// The iterations after which the kept-aside calls are met best, and how well.
Validated validate(const CommModel& start, const CallSplit& split, const FitOptions& options) {
  CommCurveFit fit(start, split.training, options.base != nullptr);
  BestSoFar best;
  CommModel best_model = start;
  std::int64_t best_iterations = 0;
  for (std::int64_t done = CommCurveFit::kIterationsPerStep; done <= options.most_iterations;
       done += CommCurveFit::kIterationsPerStep) {
    fit.step();
    const CommModel now = fit.model();
    const double error = error_on(now, split.validation);
    report(options, {"validation", done, fit.training_error(), error});
    if (best.add(error)) {
      best_iterations = done;
      best_model = now;
    }
    if (best.has_stopped()) break;
  }
  for (const CommTiming& row : split.validation) {
    if (options.kept_aside) options.kept_aside(row, predict_us(best_model, row.setting, row.call));
  }
  return {best_iterations, best.error()};
}

CommModel fit_all(const CommModel& start, std::span<const CommTiming> rows, std::int64_t iterations,
                  bool until_it_stops, const FitOptions& options) {
  CommCurveFit fit(start, rows, options.base != nullptr);
  BestSoFar best;
  for (std::int64_t done = CommCurveFit::kIterationsPerStep; done <= iterations;
       done += CommCurveFit::kIterationsPerStep) {
    fit.step();
    best.add(fit.training_error());
    report(options, {"all rows", done, fit.training_error(), {}});
    if (until_it_stops && best.has_stopped()) break;
  }
  return fit.model();
}

void check_rows(std::span<const CommTiming> rows) {
  if (rows.size() < 2) {
    throw InputError("There is a single timing. A model needs at least two, of different sizes.");
  }
  const auto same_time = [&](const CommTiming& row) { return row.time_us == rows[0].time_us; };
  if (std::all_of(rows.begin(), rows.end(), same_time)) {
    throw InputError(
        "All timings are the same number of microseconds, so there is nothing to learn. Check the "
        "column time_us.");
  }
}

void remove_empty_effects(CommModel& model) {
  std::erase_if(model.effects, [](const CommEffect& effect) { return effect.curves.empty(); });
}

CommModel fit_collectives(std::span<const CommTiming> rows, const FitOptions& options) {
  check_rows(rows);
  const OneThread one_thread;
  const CommModel start = start_comm_model(rows, options.base);
  const CallSplit split = split_calls(rows, options.validation_share, options.seed);
  Validated validated{options.most_iterations, 0};
  if (!split.validation.empty()) validated = validate(start, split, options);
  const bool until_it_stops = split.validation.empty();
  CommModel model = fit_all(start, rows, validated.iterations, until_it_stops, options);
  remove_empty_effects(model);
  if (split.validation.empty()) {
    model.error = {error_on(model, rows),
                   "on the timings it was fitted on: too few to keep some aside"};
  } else {
    model.error = {validated.error, std::to_string(split.validation.size()) +
                                        " timings kept aside from a first fit, " +
                                        std::to_string(split.training.size()) + " fitted"};
  }
  return model;
}

std::vector<CommTiming> rows_that_are(std::span<const CommTiming> rows, bool of_samples) {
  std::vector<CommTiming> result;
  for (const CommTiming& row : rows) {
    if (is_of_samples(row.call.operation) == of_samples) result.push_back(row);
  }
  return result;
}

CommModel base_alone(const FitOptions& options) {
  if (options.base != nullptr) return *options.base;
  throw InputError(
      "All timings are of local work and exchanges in place, so that there is no collective to "
      "price. Add timings of these, or name a model that knows them (--from).");
}

}  // namespace

CommModel fit_comm_model(std::span<const CommTiming> measured, const FitOptions& options) {
  const CommSpeeds speeds =
      options.base != nullptr ? options.base->speeds : fit_comm_speeds(measured);
  const std::vector<CommTiming> rows = at_reference(measured, speeds);
  const std::vector<CommTiming> collectives = rows_that_are(rows, false);
  const std::vector<CommTiming> of_samples = rows_that_are(rows, true);
  const bool has_others = !of_samples.empty();
  CommModel model = collectives.empty() && has_others ? base_alone(options)
                                                      : fit_collectives(collectives, options);
  model.speeds = speeds;
  if (!has_others) return model;
  fit_local_work(model, of_samples);
  model.training = joined(model.training, coverage_of(of_samples));
  return model;
}

}  // namespace shardwright
