#include "costmodel/compute/compute_slices.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/outside_training.hpp"
#include "launch/comm_model_file.hpp"
#include "launch/commands.hpp"
#include "launch/compute_timing_files.hpp"
#include "launch/error_report.hpp"
#include "launch/print_json.hpp"
#include "launch/timing_files.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

struct EvaluateArguments {
  std::string model;
  TimingFiles timings;
  std::vector<std::string> beside;
  bool json = false;
};

// Each kind of thing outside of the trained ranges once, with how many rows have it.
void warn_of_extrapolation(const CommModel& model, const std::vector<CommTiming>& rows) {
  std::map<std::string, std::size_t> counts;
  for (const CommTiming& row : rows) {
    for (std::string& note : outside_training(model, row.setting, row.call)) {
      ++counts[std::move(note)];
    }
  }
  constexpr std::size_t kMostLines = 10;
  std::size_t lines = 0;
  for (const auto& [note, count] : counts) {
    if (++lines > kMostLines) {
      fmt::print(stderr, "Warning: and {} more kinds.\n", counts.size() - kMostLines);
      break;
    }
    fmt::print(stderr, "Warning: {} row(s) outside of what {} was trained on: {}.\n", count,
               model.name, note);
  }
}

// In one line: of table sets there are few kinds of things to lie outside.
void warn_of_extrapolation(const ComputeModel& model, const ComputeExamples& examples) {
  std::size_t rows = 0;
  std::map<std::string, std::size_t> counts;
  for (const auto& example : examples) {
    std::vector<std::string> notes = outside_training(model, example->timing);
    if (!notes.empty()) ++rows;
    for (std::string& note : notes) ++counts[std::move(note)];
  }
  if (rows == 0) return;
  std::string kinds;
  for (const auto& [note, count] : counts) {
    kinds += fmt::format("{}{} in {}", kinds.empty() ? "" : ", ", note, count);
  }
  fmt::print(stderr, "Warning: {} of {} row(s) lie outside of what {} was trained on: {}.\n", rows,
             examples.size(), model.name, kinds);
}

void print(const EvaluateArguments& arguments, const std::string& model,
           const std::vector<ErrorSlice>& slices) {
  if (arguments.json) {
    print_json(errors_to_json(model, slices));
  } else {
    fmt::print("{}", errors_to_text(slices));
  }
}

void evaluate_compute(EvaluateArguments& arguments) {
  const ComputeModel model = load_compute_model(arguments.model);
  const ComputeExamples examples = load_compute_timings(arguments.timings).examples;
  warn_of_extrapolation(model, examples);
  std::vector<ErrorSlice> slices = compute_errors(model, examples);
  for (const std::string& name : arguments.beside) {
    const ComputeModel other = load_compute_model(name);
    slices.push_back(rival_slice(other.name, examples, predict_times(other, examples)));
  }
  print(arguments, model.name, slices);
}

/// `plan` knows them by these names.
void refuse_formulas(const std::string& name) {
  if (name != "analytic" && name != "torchrec") return;
  throw UsageError(fmt::format(
      "{} is a formula: it stands beside any compute model, its constants fitted to what that was "
      "fitted to (`shardwright evaluate cpu-epyc9004-compute TIMINGS`).",
      name));
}

void run(EvaluateArguments& arguments) {
  refuse_formulas(arguments.model);
  if (names_compute_model(arguments.model)) return evaluate_compute(arguments);
  if (!arguments.beside.empty()) {
    throw UsageError(
        "--beside shows other compute models, and the model is of collectives: leave it out.");
  }
  const CommModel model = load_comm_model(arguments.model);
  const std::vector<CommTiming> rows = load_timings(arguments.timings).timings.rows;
  warn_of_extrapolation(model, rows);
  std::vector<double> predicted;
  predicted.reserve(rows.size());
  for (const CommTiming& row : rows) {
    predicted.push_back(predict_us(model, row.setting, row.call, row.probe));
  }
  print(arguments, model.name, slice_errors(rows, predicted));
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("evaluate", "Compare a fitted model with timings");
  command->footer(
      "Examples:\n"
      "  shardwright evaluate nccl-h100 timings.csv\n"
      "  shardwright evaluate compute.json compute_timings.csv\n"
      "  shardwright evaluate compute.json compute_timings.csv --beside neuroshard.json\n"
      "  shardwright evaluate model.json all_reduce_perf.txt --operation all_reduce --json");
  const auto arguments = std::make_shared<EvaluateArguments>();
  command->add_option("MODEL", arguments->model, "Model file, or the name of a shipped model")
      ->required();
  add_timing_options(*command, arguments->timings);
  command->add_option(
      "--beside", arguments->beside,
      "Of computation: other models, whose errors on the same rows follow, such as\n"
      "one fitted with --architecture neuroshard");
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
