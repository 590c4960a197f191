#include "costmodel/train/compute_start.hpp"

#include "costmodel/compute/shard_features.hpp"
#include "costmodel/train/compute_coverage.hpp"
#include "costmodel/train/compute_net.hpp"
#include "costmodel/train/fit_roofline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

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
                   const ComputeModel& model, const std::vector<std::string>& hidden = {}) {
  std::vector<std::vector<double>> forward;
  std::vector<std::vector<double>> backward;
  std::vector<double> forward_ms;
  std::vector<double> backward_ms;
  for (const auto& example : examples) {
    RivalTerms terms = rival_terms(name, *example, model);
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
      const auto x = features(work, machine_speeds(model, example->timing.probe));
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
  // What hardly varied here must not explode where it does: shares of the ids whose rows are
  // looked up thousands of times.
  constexpr double kLeast = 0.1;
  for (double& deviation : model.deviation) {
    deviation = std::sqrt(deviation / count);
    if (deviation < kLeast) deviation = 1;
  }
}

MachineProbe usual_probe(const ComputeExamples& examples) {
  std::vector<MachineProbe> probes;
  for (const auto& example : examples) probes.push_back(example->timing.probe);
  return median_probe(probes);
}

void set_machines(const MachineProbe& usual, ComputeModel& model) {
  if (!usual.known()) return;
  model.usual = usual;
  if (!model.reference.known()) model.reference = usual;
}

std::vector<std::size_t> sizes_of(std::size_t inputs, std::vector<std::size_t> widths,
                                  std::size_t outputs) {
  widths.insert(widths.begin(), inputs);
  widths.push_back(outputs);
  return widths;
}

}  // namespace

ComputeModel start_compute_model(const ComputeExamples& training, const ComputeExamples& all,
                                 const ComputeFitOptions& options) {
  ComputeModel model = options.base != nullptr ? *options.base : ComputeModel{};
  if (options.machine_speeds) set_machines(usual_probe(training), model);
  model.training = compute_coverage(all);
  for (const std::string_view name : rival_names())
    model.rivals[std::string(name)] = fit_rival(name, training, model);
  if (options.base != nullptr) return model;
  model.architecture = options.architecture;
  model.roofline = options.hidden_terms.empty()
                       ? model.rivals.at("roofline")
                       : fit_rival("roofline", training, model, options.hidden_terms);
  if (options.architecture == ComputeArchitecture::neuroshard) {
    set_normalisation(
        training,
        [](const ShardWork& work, const MachineSpeeds&) { return neuroshard_features(work); },
        model);
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

}  // namespace shardwright
