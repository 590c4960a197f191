// compute_experiments: fits a compute model as it is and with one part changed at a time, to the
// same timings, and prints the errors on the same table sets kept aside.
// docs/cost_model_compute.md.

#include "costmodel/compute/compute_slices.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/train/fit_compute_model.hpp"
#include "planner/input_file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace shardwright;

struct Arguments {
  std::vector<std::string> timings;
  std::vector<std::string> larger;  // sets of more tables, never trained on
  std::vector<std::string> only;
  std::int64_t epochs = 80;
  std::uint64_t seed = 1;
};

struct Experiment {
  std::string name;
  std::string changed;
  std::function<void(ComputeFitOptions&)> change;
  std::size_t models = 1;  // whose predictions' geometric mean counts
};

std::vector<std::string> names_starting_with(std::string_view start) {
  std::vector<std::string> names;
  for (const std::string_view name : kFeatureNames) {
    if (name.starts_with(start)) names.emplace_back(name);
  }
  return names;
}

// What NeuroShard's nets do not see either.
std::vector<std::string> names_of_loads() {
  return {"log_ids",          "log_unique_rows", "unique_share",
          "log_weight_bytes", "log_touched",     "log_state_per_row",
          "without_state",    "state_per_value", "sorting_passes"};
}

std::vector<Experiment> experiments() {
  return {
      {"ours", "", [](ComputeFitOptions&) {}},
      {"neuroshard", "NeuroShard's exact form, inputs and loss",
       [](ComputeFitOptions& o) { o.architecture = ComputeArchitecture::neuroshard; }},
      {"one_term", "base of constants per shard and value gathered, no roofline",
       [](ComputeFitOptions& o) {
         o.hidden_terms = {"bags",
                           "ids",
                           "memory_lines",
                           "output_values",
                           "sorted_ids",
                           "updated_values",
                           "values_with_state"};
       }},
      {"no_reuse", "the nets do not see the 17 reuse bins",
       [](ComputeFitOptions& o) { o.hidden_features = names_starting_with("reuse_"); }},
      {"no_loads", "the nets see rows, width, bags, pooling, reuse and speeds only",
       [](ComputeFitOptions& o) { o.hidden_features = names_of_loads(); }},
      {"no_speeds", "neither roofline nor nets know how fast the machine was",
       [](ComputeFitOptions& o) { o.machine_speeds = false; }},
      {"squared", "squared ln(predicted / measured)",
       [](ComputeFitOptions& o) { o.loss_scale = 100; }},
      {"absolute", "absolute ln(predicted / measured)",
       [](ComputeFitOptions& o) { o.loss_scale = 1e-4; }},
      {"smaller", "encoder 24, 12, head 12",
       [](ComputeFitOptions& o) {
         o.encoder_widths = {24, 12};
         o.head_widths = {12};
       }},
      {"larger", "encoder 96, 48, head 48",
       [](ComputeFitOptions& o) {
         o.encoder_widths = {96, 48};
         o.head_widths = {48};
       }},
      {"three_seeds", "three models of other seeds", [](ComputeFitOptions&) {}, 3},
  };
}

ComputeExamples load(const std::vector<std::string>& files) {
  std::vector<ComputeTiming> all;
  for (const std::string& file : files) {
    const InputFile input = read_input_file(file);
    ComputeTimings read = parse_compute_timings(input.content, input.name);
    all.insert(all.end(), read.rows.begin(), read.rows.end());
  }
  return make_examples(std::move(all));
}

std::vector<ComputeTimes> mean_of(const std::vector<std::vector<ComputeTimes>>& predicted) {
  std::vector<ComputeTimes> mean(predicted.front().size());
  const auto models = static_cast<double>(predicted.size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    double logs = 0;
    for (const auto& one : predicted) logs += std::log(std::max(one[i].total_ms(), 1e-9));
    mean[i].forward_ms = std::exp(logs / models);
  }
  return mean;
}

std::vector<ComputeModel> fit(const Experiment& experiment, const ComputeExamples& examples,
                              const Arguments& arguments) {
  std::vector<ComputeModel> models;
  for (std::size_t i = 0; i < experiment.models; ++i) {
    ComputeFitOptions options;
    options.seed = arguments.seed + i;
    options.most_epochs = arguments.epochs;
    experiment.change(options);
    models.push_back(fit_compute_model(examples, options));
  }
  return models;
}

void print_errors(const std::vector<ComputeModel>& models, const ComputeExamples& examples) {
  std::vector<std::vector<ComputeTimes>> predicted;
  predicted.reserve(models.size());
  for (const ComputeModel& model : models) predicted.push_back(predict_times(model, examples));
  const ErrorSummary errors = rival_slice("", examples, mean_of(predicted)).errors;
  fmt::print(" {:.1f} % | {:.0f} % | {:.3f} |", 100 * errors.geometric_mean_error,
             100 * errors.p95_relative_error, errors.kendall_tau);
  std::fflush(stdout);
}

void run(const Arguments& arguments) {
  constexpr double kShare = 0.2;
  constexpr std::uint64_t kOtherSeed = 0x5eed;  // the split of `fit --hold-out sets`
  const ExampleSplit split =
      split_by_set(load(arguments.timings), kShare, arguments.seed ^ kOtherSeed);
  if (split.aside.empty()) throw InputError("There are too few table sets to keep some aside.");
  const ComputeExamples larger = load(arguments.larger);
  fmt::print("{} timings fitted, {} kept aside, {} of larger sets\n", split.rest.size(),
             split.aside.size(), larger.size());
  fmt::print("| model | what is other | kept aside | p95 | tau |{}\n",
             larger.empty() ? "" : " larger sets | p95 | tau |");
  fmt::print("|---|---|---|---|---|{}\n", larger.empty() ? "" : "---|---|---|");
  for (const Experiment& experiment : experiments()) {
    if (!arguments.only.empty() && std::find(arguments.only.begin(), arguments.only.end(),
                                             experiment.name) == arguments.only.end()) {
      continue;
    }
    const std::vector<ComputeModel> models = fit(experiment, split.rest, arguments);
    fmt::print("| {} | {} |", experiment.name, experiment.changed);
    print_errors(models, split.aside);
    if (!larger.empty()) print_errors(models, larger);
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What each part of the compute model is worth");
  Arguments arguments;
  app.add_option("timings", arguments.timings, "Timings of computation, CSV")->required();
  app.add_option("--larger", arguments.larger, "Timings of larger table sets, to be predicted only")
      ->delimiter(',');
  app.add_option("--only", arguments.only, "Names of experiments")->delimiter(',');
  app.add_option("--epochs", arguments.epochs)->capture_default_str();
  app.add_option("--seed", arguments.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
