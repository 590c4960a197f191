#include "costmodel/train/fit_comm_model.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/train/comm_net.hpp"
#include "costmodel/train/fit_local_work.hpp"
#include "costmodel/train/neighbours.hpp"
#include "costmodel/train/one_thread.hpp"

#include <torch/optim/lbfgs.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kIterationsPerStep = 10;
constexpr int kPatience = 5;         // steps without a better error
constexpr double kLeastGain = 1e-3;  // share by which an error must fall to count as better
constexpr double kNoise = 0.03;      // ln: scatter that is not worth bending curves for
constexpr double kReleaseShare = 0.25;
constexpr double kDigits = 1e6;             // of ln(time) that are kept: model files stay short
constexpr std::size_t kLeastToSplit = 100;  // rows

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) + 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  return hash ^ (hash >> 31U);
}

std::uint64_t mix(std::uint64_t hash, const std::string& text) {
  for (const char c : text) hash = mix(hash, static_cast<unsigned char>(c));
  return mix(hash, text.size());
}

// The same for all repeats of a call.
double uniform_of(const CommTiming& row, std::uint64_t seed) {
  std::uint64_t hash = mix(seed, fabric_of(row.setting));
  hash = mix(hash, row.setting.library);
  hash = mix(hash, static_cast<std::uint64_t>(row.call.operation));
  hash = mix(hash, static_cast<std::uint64_t>(row.call.ranks));
  hash = mix(hash, static_cast<std::uint64_t>(row.call.nodes));
  hash = mix(hash, static_cast<std::uint64_t>(mean_bytes(row.call)));  // all ranks of a call
  hash = mix(hash, static_cast<std::uint64_t>(row.call.element_bytes));
  return static_cast<double>(hash >> 11U) * 0x1p-53;
}

struct Split {
  std::vector<CommTiming> training;
  std::vector<CommTiming> validation;
};

Split split_rows(std::span<const CommTiming> rows, const FitOptions& options) {
  Split split;
  const double share = rows.size() < kLeastToSplit ? 0 : options.validation_share;
  for (const CommTiming& row : rows) {
    (uniform_of(row, options.seed) < share ? split.validation : split.training).push_back(row);
  }
  return split;
}

bool has_key(const CommEffect& effect, EffectKey key) {
  return std::find(effect.by.begin(), effect.by.end(), key) != effect.by.end();
}

bool is_shared(const CommEffect& effect) { return !has_key(effect, EffectKey::fabric); }

// Prior of every curve of a design.
struct Priors {
  std::vector<double> level_sd;
  std::vector<double> step_sd;
  torch::Tensor means;
};

// The mean of ln(time) at the knot nearest to each row, as a start for a new model.
std::vector<double> mean_log_times(const CommModel& model, std::span<const CommTiming> rows) {
  std::vector<double> sum(model.knots.size());
  std::vector<double> count(model.knots.size());
  for (const CommTiming& row : rows) {
    if (row.call.wait_us > 0) continue;
    const auto [low, along] = position_of(model.knots, row.call.bytes);
    const std::size_t knot = low + (along > 0.5 ? 1 : 0);
    sum[knot] += std::log(row.time_us);
    count[knot] += 1;
  }
  double last = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (count[i] > 0) last = sum[i] / count[i];
    sum[i] = last;
  }
  return sum;
}

Priors priors_of(const CommModel& model, const std::vector<CurveIndex>& curves, bool adapting) {
  const auto knots = static_cast<std::int64_t>(model.knots.size());
  Priors priors;
  priors.means = torch::zeros({static_cast<std::int64_t>(curves.size()), knots}, torch::kFloat64);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const CommEffect& effect = model.effects[curves[i].effect];
    const auto known = effect.curves.find(curves[i].key);
    // A few new timings say more of the machine than of the release of its library.
    const double loose = adapting && has_key(effect, EffectKey::library) ? kReleaseShare : 1;
    const bool frozen = adapting && known != effect.curves.end() && is_shared(effect);
    priors.level_sd.push_back(frozen ? 0 : loose * effect.level_sd);
    priors.step_sd.push_back(frozen ? 0 : loose * effect.step_sd);
    if (known == effect.curves.end()) continue;
    priors.means[static_cast<std::int64_t>(i)] = torch::tensor(known->second, torch::kFloat64);
  }
  return priors;
}

// What is being fitted: a model's structure, the rows, the net.
class Fit {
 public:
  Fit(CommModel start, std::span<const CommTiming> rows, bool adapting)
      : model_(std::move(start)),
        design_(make_design(model_, rows)),
        batch_(design_.design),
        net_(make_net(adapting)),
        optimizer_({net_.parameters()}, torch::optim::LBFGSOptions(1.0)
                                            .max_iter(kIterationsPerStep)
                                            .history_size(100)
                                            .tolerance_grad(1e-9)
                                            .tolerance_change(1e-12)
                                            .line_search_fn("strong_wolfe")) {}

  void step() {
    optimizer_.step([&] {
      optimizer_.zero_grad();
      torch::Tensor loss = data_loss() + net_.prior_loss();
      loss.backward();
      return loss;
    });
  }

  double training_error() const { return error_on(batch_); }

  CommModel model() const {
    CommModel model = model_;
    const torch::Tensor curves = net_.curves().detach();
    const auto value = curves.accessor<double, 2>();
    for (std::size_t i = 0; i < design_.curves.size(); ++i) {
      std::vector<double> curve(model.knots.size());
      for (std::size_t k = 0; k < curve.size(); ++k) {
        const double exact = value[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(k)];
        curve[k] = std::round(exact * kDigits) / kDigits;
      }
      model.effects[design_.curves[i].effect].curves[design_.curves[i].key] = std::move(curve);
    }
    return model;
  }

 private:
  CommNet make_net(bool adapting) const {
    const Priors priors = priors_of(model_, design_.curves, adapting);
    return {model_.knots, priors.level_sd, priors.step_sd, priors.means};
  }

  // Pseudo-Huber: quadratic within the noise, linear beyond, so that outliers do not pull.
  torch::Tensor data_loss() const {
    const torch::Tensor miss = (batch_.forward(net_.curves()) - batch_.log_time) / kNoise;
    return ((1 + miss.square()).sqrt() - 1).sum();
  }

  double error_on(const CommBatch& batch) const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor miss = batch.forward(net_.curves()) - batch.log_time;
    return std::expm1(miss.abs().mean().item<double>());
  }

  CommModel model_;
  CommDesignAndIndex design_;
  CommBatch batch_;
  CommNet net_;
  torch::optim::LBFGS optimizer_;
};

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
Validated validate(const CommModel& start, const Split& split, const FitOptions& options) {
  Fit fit(start, split.training, options.base != nullptr);
  BestSoFar best;
  CommModel best_model = start;
  std::int64_t best_iterations = 0;
  for (std::int64_t done = kIterationsPerStep; done <= options.most_iterations;
       done += kIterationsPerStep) {
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
  Fit fit(start, rows, options.base != nullptr);
  BestSoFar best;
  for (std::int64_t done = kIterationsPerStep; done <= iterations; done += kIterationsPerStep) {
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

// What base and rows cover together.
CommTraining joined(const CommTraining& base, CommTraining added) {
  added.rows += base.rows;
  for (const auto& [setting, ranks] : base.settings) {
    const auto [same, is_new] = added.settings.emplace(setting, ranks);
    if (!is_new) same->second = cover(same->second, ranks);
  }
  added.operations.insert(base.operations.begin(), base.operations.end());
  added.ranks = cover(base.ranks, added.ranks);
  added.nodes = cover(base.nodes, added.nodes);
  added.bytes = cover(base.bytes, added.bytes);
  added.element_bytes = cover(base.element_bytes, added.element_bytes);
  added.evenness = cover(base.evenness, added.evenness);
  added.wait_us = cover(base.wait_us, added.wait_us);
  return added;
}

bool has_waits(std::span<const CommTiming> rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const CommTiming& row) { return row.call.wait_us > 0; });
}

void set_pace(CommModel& model, std::span<const CommTiming> rows) {
  if (!has_waits(rows) || !model.pace_us.empty()) return;
  model.pace_us = mean_log_times(model, rows);
  constexpr double kLeast = 1e-3;  // to which they are rounded
  for (double& pace : model.pace_us) {
    pace = std::max(kLeast, std::round(std::exp(pace) / kLeast) * kLeast);
  }
}

// Models of a single machine have no curves by fabric, and those made before there were timings of
// uneven sizes and waits none for these: what a fit of new timings may need.
void add_missing_effects(CommModel& model) {
  for (CommEffect& effect : default_comm_effects()) {
    const bool known =
        std::any_of(model.effects.begin(), model.effects.end(), [&](const CommEffect& other) {
          return other.times == effect.times && other.by == effect.by;
        });
    if (!known) model.effects.push_back(std::move(effect));
  }
}

CommModel starting_model(std::span<const CommTiming> rows, const FitOptions& options) {
  CommModel model;
  if (options.base != nullptr) {
    model = *options.base;
    add_missing_effects(model);
    add_neighbours(model, rows);
    model.training = joined(model.training, coverage_of(rows));
  } else {
    model.knots = choose_knots(rows);
    model.effects = default_comm_effects();
    model.training = coverage_of(rows);
    const std::vector<double> mean = mean_log_times(model, rows);
    for (const std::string& operation : model.training.operations) {
      model.effects.front().curves.emplace(operation, mean);
    }
  }
  set_pace(model, rows);
  return model;
}

void remove_empty_effects(CommModel& model) {
  std::erase_if(model.effects, [](const CommEffect& effect) { return effect.curves.empty(); });
}

CommModel fit_collectives(std::span<const CommTiming> rows, const FitOptions& options) {
  check_rows(rows);
  const OneThread one_thread;
  const CommModel start = starting_model(rows, options);
  const Split split = split_rows(rows, options);
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

CommModel fit_comm_model(std::span<const CommTiming> rows, const FitOptions& options) {
  const std::vector<CommTiming> collectives = rows_that_are(rows, false);
  const std::vector<CommTiming> of_samples = rows_that_are(rows, true);
  const bool has_others = !of_samples.empty();
  CommModel model = collectives.empty() && has_others ? base_alone(options)
                                                      : fit_collectives(collectives, options);
  if (!has_others) return model;
  fit_local_work(model, of_samples);
  model.training = joined(model.training, coverage_of(of_samples));
  return model;
}

std::vector<double> torch_log_predictions(const CommModel& model,
                                          std::span<const CommTiming> rows) {
  const auto [design, curves] = make_design(model, rows);
  const Priors priors = priors_of(model, curves, false);
  const torch::NoGradGuard no_grad;
  const torch::Tensor logs = CommBatch(design).forward(priors.means);
  const auto* begin = logs.data_ptr<double>();
  return {begin, begin + logs.numel()};
}

}  // namespace shardwright
