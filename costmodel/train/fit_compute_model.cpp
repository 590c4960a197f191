#include "costmodel/train/fit_compute_model.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/train/compute_fit_state.hpp"
#include "costmodel/train/compute_net.hpp"
#include "costmodel/train/compute_start.hpp"
#include "costmodel/train/one_thread.hpp"

#include <fmt/format.h>
#include <torch/optim/adamw.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
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
constexpr double kWeightDecay = 0.1;         // pulls towards the roofline where timings are few
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
        adam_(net_.parameters(), torch::optim::AdamWOptions(rate()).weight_decay(decay())) {}

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

  double decay() const {
    return model_.architecture == ComputeArchitecture::neuroshard ? 0 : kWeightDecay;
  }

  // Falls along half a cosine; NeuroShard's is constant.
  void set_rate(std::int64_t epoch) {
    if (model_.architecture == ComputeArchitecture::neuroshard) return;
    const double along = static_cast<double>(epoch) / static_cast<double>(options_.most_epochs);
    const double rate_now = rate() * (0.01 + 0.99 * (1 + std::cos(std::acos(-1.0) * along)) / 2);
    static_cast<torch::optim::AdamWOptions&>(adam_.param_groups().front().options()).lr(rate_now);
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
  torch::optim::AdamW adam_;
  ComputeFitState state_;
};

}  // namespace

ComputeModel fit_compute_model(const ComputeExamples& examples, const ComputeFitOptions& options) {
  require_enough(examples);
  const OneThread one_thread;
  torch::manual_seed(options.seed);
  ExampleSplit split = split_by_set(examples, options.validation_share, options.seed);
  if (split.rest.empty()) std::swap(split.rest, split.aside);
  ComputeModel model =
      Training(start_compute_model(split.rest, examples, options), split, options).run();
  round_weights(model.encoder);
  round_weights(model.head);
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
