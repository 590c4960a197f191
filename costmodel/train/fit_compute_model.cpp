#include "costmodel/train/fit_compute_model.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/train/compute_fit_state.hpp"
#include "costmodel/train/compute_net.hpp"
#include "costmodel/train/fit_roofline.hpp"
#include "costmodel/train/one_thread.hpp"

#include <fmt/format.h>
#include <torch/optim/adam.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace shardwright {
namespace {

constexpr std::int64_t kExamplesPerStep = 64;
constexpr double kLearningRate = 3e-3;
constexpr double kTheirLearningRate = 1e-3;  // NeuroShard's
constexpr double kDigits = 1e7;              // of weights that are kept: model files stay short
constexpr std::size_t kLeastTimings = 20;
constexpr std::size_t kLeastSets = 5;

void require_enough(const ComputeExamples& examples) {
  std::set<std::tuple<std::string, std::uint64_t, std::int64_t>> sets;
  std::set<double> times;
  for (const auto& example : examples) {
    sets.emplace(example->timing.hardware, example->timing.seed, example->timing.set);
    times.insert(example->timing.forward_ms);
  }
  if (examples.size() >= kLeastTimings && sets.size() >= kLeastSets && times.size() > 1) return;
  throw InputError("There are " + std::to_string(examples.size()) + " usable timings of " +
                   std::to_string(sets.size()) + " table sets with " +
                   std::to_string(times.size()) +
                   " different times; a compute model needs at least " +
                   std::to_string(kLeastTimings) + " of " + std::to_string(kLeastSets) +
                   " sets, not all alike. Run `shardwright profile compute` for longer.");
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void hide_features(const std::vector<std::string>& hidden, ComputeModel& model) {
  for (std::size_t i = 0; i < kNumFeatures; ++i) {
    if (contains(hidden, kFeatureNames[i])) model.deviation[i] = std::numeric_limits<double>::max();
  }
}

template <std::size_t N>
void hide_terms(const std::vector<std::string>& hidden,
                const std::array<std::string_view, N>& names,
                std::vector<std::vector<double>>& terms) {
  for (auto& row : terms) {
    for (std::size_t i = 0; i < N; ++i) {
      if (contains(hidden, names[i])) row[i] = 0;
    }
  }
}

Roofline fit_rival(std::string_view name, const ComputeExamples& examples,
                   const std::vector<std::string>& hidden = {}) {
  std::vector<std::vector<double>> forward;
  std::vector<std::vector<double>> backward;
  std::vector<double> forward_ms;
  std::vector<double> backward_ms;
  for (const auto& example : examples) {
    RivalTerms terms = rival_terms(name, *example);
    forward.push_back(std::move(terms.forward));
    backward.push_back(std::move(terms.backward));
    forward_ms.push_back(example->timing.forward_ms);
    backward_ms.push_back(example->timing.backward_ms);
  }
  hide_terms(hidden, kForwardTermNames, forward);
  hide_terms(hidden, kBackwardTermNames, backward);
  return {fit_roofline(forward, forward_ms), fit_roofline(backward, backward_ms)};
}

template <class Features>
void set_normalisation(const ComputeExamples& examples, Features features, ComputeModel& model) {
  double count = 0;
  for (const auto& example : examples) {
    for (const ShardWork& work : example->works) {
      const auto x = features(work);
      model.mean.resize(x.size());
      model.deviation.resize(x.size());
      count += 1;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double step = x[i] - model.mean[i];  // Welford's running mean and squares
        model.mean[i] += step / count;
        model.deviation[i] += step * (x[i] - model.mean[i]);
      }
    }
  }
  for (double& deviation : model.deviation) {
    constexpr double kConstant = 1e-3;
    deviation = std::sqrt(deviation / count);
    if (deviation < kConstant)
      deviation = 1;  // a feature that tells nothing must not explode later
  }
}

void widen(Range& range, double value) {
  range.least = std::min(range.least, value);
  range.most = std::max(range.most, value);
}

ComputeTraining coverage_of(const ComputeExamples& examples) {
  ComputeTraining training;
  training.rows = examples.size();
  const auto see = [&](const char* what, double value) {
    widen(training.ranges.try_emplace(what, Range{value, value}).first->second, value);
  };
  for (const auto& example : examples) {
    const ComputeTiming& timing = example->timing;
    training.hardware.insert(timing.hardware);
    see("tables", static_cast<double>(timing.tables.size()));
    see("batch", static_cast<double>(timing.batch_size));
    see("busy_ranks", static_cast<double>(timing.busy_ranks));
    for (const MeasuredTable& table : timing.tables) {
      see("table_rows", static_cast<double>(table.rows));
      see("dim", static_cast<double>(table.dim));
      see("pooling", table.pooling);
    }
  }
  return training;
}

std::vector<std::size_t> sizes_of(std::size_t inputs, std::vector<std::size_t> widths,
                                  std::size_t outputs) {
  widths.insert(widths.begin(), inputs);
  widths.push_back(outputs);
  return widths;
}

ComputeModel start_of(const ComputeExamples& training, const ComputeFitOptions& options) {
  if (options.base != nullptr) return *options.base;
  ComputeModel model;
  model.architecture = options.architecture;
  for (const std::string_view name : rival_names())
    model.rivals[std::string(name)] = fit_rival(name, training);
  model.roofline = options.hidden_terms.empty()
                       ? model.rivals.at("roofline")
                       : fit_rival("roofline", training, options.hidden_terms);
  if (options.architecture == ComputeArchitecture::neuroshard) {
    set_normalisation(training, neuroshard_features, model);
    model.encoder = random_layers({kNumNeuroshardFeatures, 128, 32});
    model.head = random_layers({32, 64, 1});
  } else {
    set_normalisation(training, shard_features, model);
    hide_features(options.hidden_features, model);
    model.encoder = random_layers(sizes_of(kNumFeatures, options.encoder_widths, 2 + kNumCodes));
    model.head = random_layers(sizes_of(num_head_inputs(model), options.head_widths, 2));
    // The nets begin as no correction at all.
    std::fill(model.head.back().weights.begin(), model.head.back().weights.end(), 0.0);
    std::fill(model.head.back().bias.begin(), model.head.back().bias.end(), 0.0);
  }
  return model;
}

double log_miss(double predicted_ms, double measured_ms) {
  constexpr double kLeastMs = 1e-9;  // a net that prices in ms may say 0
  return std::abs(std::log(std::max(predicted_ms, kLeastMs) / measured_ms));
}

double error_of(const ComputeModel& model, const ComputeExamples& examples) {
  const std::vector<ComputeTimes> predicted = predict_times(model, examples);
  double sum = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const ComputeTiming& timing = examples[i]->timing;
    if (model.architecture == ComputeArchitecture::neuroshard) {
      sum += log_miss(predicted[i].total_ms(), timing.forward_ms + timing.backward_ms);
    } else {
      sum += 0.5 * log_miss(predicted[i].forward_ms, timing.forward_ms) +
             0.5 * log_miss(predicted[i].backward_ms, timing.backward_ms);
    }
  }
  return std::expm1(sum / static_cast<double>(examples.size()));
}

// Of forward and backward together.
double total_error(const ComputeModel& model, const ComputeExamples& examples) {
  const std::vector<ComputeTimes> predicted = predict_times(model, examples);
  double sum = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const ComputeTiming& timing = examples[i]->timing;
    sum += log_miss(predicted[i].total_ms(), timing.forward_ms + timing.backward_ms);
  }
  return std::expm1(sum / static_cast<double>(examples.size()));
}

torch::Tensor loss_of(const ComputeModel& model, const ComputeNet& net, const ComputeBatch& batch,
                      double scale) {
  const torch::Tensor predicted = net.forward(batch);
  if (model.architecture == ComputeArchitecture::neuroshard) {
    return (predicted - batch.log_ms.exp().sum(1, true)).square().mean();
  }
  // Pseudo-Huber: quadratic within the noise, linear beyond, so that outliers do not pull.
  return ((1 + ((predicted - batch.log_ms) / scale).square()).sqrt() - 1).mean();
}

void round_weights(std::vector<DenseLayer>& layers) {
  for (DenseLayer& layer : layers) {
    for (double& weight : layer.weights) weight = std::round(weight * kDigits) / kDigits;
    for (double& bias : layer.bias) bias = std::round(bias * kDigits) / kDigits;
  }
}

// What must be the same for one fit to go on from another's state.
std::string name_of_fit(const ComputeModel& start, const ExampleSplit& split,
                        const ComputeFitOptions& options) {
  std::string text = compute_model_to_json(start);
  text += fmt::format(" {} {} {}", options.seed, options.most_epochs, options.patience);
  for (const ComputeExamples* part : {&split.rest, &split.aside}) {
    for (const auto& example : *part) {
      text += fmt::format(" {} {}", example->timing.forward_ms, example->timing.backward_ms);
    }
    text += '|';
  }
  return short_name(text);
}

class Training {
 public:
  Training(ComputeModel start, const ExampleSplit& split, const ComputeFitOptions& options)
      : model_(std::move(start)),
        split_(split),
        options_(options),
        batch_(model_, split.rest),
        net_(model_),
        adam_(net_.parameters(), torch::optim::AdamOptions(rate())) {}

  ComputeModel run() {
    start();
    while (state_.epoch < options_.most_epochs && state_.since_best < options_.patience) {
      ++state_.epoch;
      set_rate(state_.epoch);
      run_epoch();
      judge_epoch();
      save();
    }
    if (!options_.state_file.empty()) std::filesystem::remove(options_.state_file);
    put_values(state_.best, net_.parameters());
    return net_.store(model_);
  }

 private:
  // As saved, or before the first epoch.
  void start() {
    state_.best = copies_of(net_.parameters());
    state_.best_error = error_of(model_, validation());
    if (options_.state_file.empty()) return;
    state_.fit = name_of_fit(model_, split_, options_);
    load_fit_state(options_.state_file, net_.parameters(), adam_, state_);
  }

  void save() {
    if (!options_.state_file.empty()) {
      save_fit_state(options_.state_file, net_.parameters(), adam_, state_);
    }
  }

  void judge_epoch() {
    const ComputeModel now = net_.store(model_);
    const double error = error_of(now, validation());
    ++state_.since_best;
    if (error < state_.best_error) {
      state_.best = copies_of(net_.parameters());
      state_.best_error = error;
      state_.since_best = 0;
    }
    if (options_.progress) {
      options_.progress({state_.epoch, error_of(now, split_.rest), error});
    }
  }

  const ComputeExamples& validation() const {
    return split_.aside.empty() ? split_.rest : split_.aside;
  }
  double rate() const {
    return model_.architecture == ComputeArchitecture::neuroshard ? kTheirLearningRate
                                                                  : kLearningRate;
  }

  // Falls along half a cosine; NeuroShard's is constant.
  void set_rate(std::int64_t epoch) {
    if (model_.architecture == ComputeArchitecture::neuroshard) return;
    const double along = static_cast<double>(epoch) / static_cast<double>(options_.most_epochs);
    const double rate_now = rate() * (0.01 + 0.99 * (1 + std::cos(std::acos(-1.0) * along)) / 2);
    static_cast<torch::optim::AdamOptions&>(adam_.param_groups().front().options()).lr(rate_now);
  }

  void run_epoch() {
    const auto count = static_cast<std::int64_t>(split_.rest.size());
    const torch::Tensor order = torch::randperm(count, torch::kInt64);
    for (std::int64_t begin = 0; begin < count; begin += kExamplesPerStep) {
      const ComputeBatch part =
          batch_.select(order.narrow(0, begin, std::min(kExamplesPerStep, count - begin)));
      adam_.zero_grad();
      loss_of(model_, net_, part, options_.loss_scale).backward();
      adam_.step();
    }
  }

  ComputeModel model_;
  const ExampleSplit& split_;
  const ComputeFitOptions& options_;
  ComputeBatch batch_;
  ComputeNet net_;
  torch::optim::Adam adam_;
  ComputeFitState state_;
};

}  // namespace

ComputeModel fit_compute_model(const ComputeExamples& examples, const ComputeFitOptions& options) {
  require_enough(examples);
  const OneThread one_thread;
  torch::manual_seed(options.seed);
  ExampleSplit split = split_by_set(examples, options.validation_share, options.seed);
  if (split.rest.empty()) std::swap(split.rest, split.aside);
  ComputeModel model = Training(start_of(split.rest, options), split, options).run();
  round_weights(model.encoder);
  round_weights(model.head);
  model.training = coverage_of(examples);
  model.error.geometric_mean_error =
      total_error(model, split.aside.empty() ? split.rest : split.aside);
  model.error.how = split.aside.empty()
                        ? "on the training timings"
                        : "on " + std::to_string(split.aside.size()) +
                              " timings of table sets kept aside for early stopping";
  return model;
}

std::vector<ComputeTimes> torch_predict_times(const ComputeModel& model,
                                              const ComputeExamples& examples) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor out = ComputeNet(model).forward(ComputeBatch(model, examples));
  std::vector<ComputeTimes> times;
  for (std::int64_t i = 0; i < out.size(0); ++i) {
    if (model.architecture == ComputeArchitecture::neuroshard) {
      times.push_back({std::max(out[i][0].item<double>(), 0.0), 0});
    } else {
      times.push_back({std::exp(out[i][0].item<double>()), std::exp(out[i][1].item<double>())});
    }
  }
  return times;
}

}  // namespace shardwright
