#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/train/hold_out.hpp"
#include "launch/comm_model_file.hpp"
#include "launch/commands.hpp"
#include "launch/compute_fit.hpp"
#include "launch/compute_timing_files.hpp"
#include "launch/error_report.hpp"
#include "launch/timing_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct FitArguments {
  TimingFiles timings;
  std::string output;
  std::string name;
  std::string from;
  std::string hold_out;
  std::string save_timings;
  std::string architecture = "roofline_residual";
  std::int64_t epochs = ComputeFitOptions{}.most_epochs;
  bool single = false;
  bool json = false;
  FitOptions options;
};

void print_progress(const FitProgress& progress) {
  constexpr std::int64_t kEvery = 50;
  if (progress.iteration % kEvery != 0) return;
  fmt::print(stderr, "{:<10} iteration {:>5}  training error {:6.2f} %{}\n", progress.stage,
             progress.iteration, 100 * progress.training_error,
             progress.validation_error
                 ? fmt::format("  validation error {:6.2f} %", 100 * *progress.validation_error)
                 : "");
}

// A model for one machine: without the curves of all others it is small and quick to read.
CommModel single_setting(const CommModel& model, const std::vector<CommTiming>& rows) {
  for (const CommTiming& row : rows) {
    if (row.setting == rows.front().setting) continue;
    throw InputError(
        "The timings are of several machines or libraries, but --single asks for a model of one. "
        "Choose with --only-hardware and --only-library.");
  }
  return specialize(model, rows.front().setting);
}

std::string name_of(const FitArguments& arguments) {
  return arguments.name.empty() ? std::filesystem::path(arguments.output).stem().string()
                                : arguments.name;
}

void fit_and_write(const FitArguments& arguments, const LoadedTimings& loaded) {
  FitOptions options = arguments.options;
  options.progress = print_progress;
  std::optional<CommModel> base;
  if (!arguments.from.empty()) {
    base = load_comm_model(arguments.from);
    options.base = &*base;
  }
  CommModel model = fit_comm_model(loaded.timings.rows, options);
  model.training.data_fingerprint = loaded.fingerprint;
  if (arguments.single) model = single_setting(model, loaded.timings.rows);
  model.name = name_of(arguments);
  write_file(arguments.output, comm_model_to_json(model));
  fmt::print(stderr, "{}: {} timings, geometric-mean error {:.1f} % ({}).\n", arguments.output,
             loaded.timings.rows.size(), 100 * model.error.geometric_mean_error, model.error.how);
}

void print_hold_out(const FitArguments& arguments, const std::vector<CommTiming>& timings) {
  const auto tell = [](const std::string& turn) { fmt::print(stderr, "Kept aside: {}.\n", turn); };
  const HoldOut what = parse_hold_out(arguments.hold_out);
  std::vector<CommTiming> rows;
  std::vector<double> predicted;
  for (HeldOutRow& row : hold_out(timings, what, arguments.options, tell)) {
    rows.push_back(std::move(row.row));
    predicted.push_back(row.predicted_us);
  }
  const std::vector<ErrorSlice> slices = slice_errors(rows, predicted);
  if (arguments.json) {
    fmt::print("{}\n", errors_to_json("hold-out " + arguments.hold_out, slices).dump(2));
  } else {
    fmt::print("{}", errors_to_text(slices));
  }
}

void fit_compute(const FitArguments& arguments) {
  ComputeFitRequest request;
  request.output = arguments.output;
  request.name = name_of(arguments);
  request.from = arguments.from;
  request.hold_out = arguments.hold_out;
  request.json = arguments.json;
  request.options.seed = arguments.options.seed;
  request.options.most_epochs = arguments.epochs;
  request.options.architecture = parse_compute_architecture(arguments.architecture);
  fit_compute_timings(load_compute_timings(arguments.timings), request);
}

void run(const FitArguments& arguments) {
  if (arguments.output.empty() == arguments.hold_out.empty()) {
    throw UsageError("Give either -o MODEL, to write a model, or --hold-out, to see its errors.");
  }
  if (are_compute_timings(arguments.timings)) return fit_compute(arguments);
  const LoadedTimings loaded = load_timings(arguments.timings);
  if (!arguments.save_timings.empty()) {
    write_file(arguments.save_timings, comm_timings_to_csv(loaded.timings));
  }
  if (arguments.hold_out.empty()) {
    fit_and_write(arguments, loaded);
  } else {
    print_hold_out(arguments, loaded.timings.rows);
  }
}

}  // namespace

void add_fit_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("fit", "Fit a cost model to timings");
  command->footer(
      "Examples:\n"
      "  shardwright fit timings.csv -o model.json\n"
      "  shardwright fit compute_timings.csv -o cpu.json --architecture roofline_residual\n"
      "  shardwright fit mine.csv --from nccl-all -o adapted.json\n"
      "  shardwright fit timings.csv --hold-out sizes");
  const auto arguments = std::make_shared<FitArguments>();
  add_timing_options(*command, arguments->timings);
  command->add_option("-o,--output", arguments->output, "Model file to write");
  command->add_option("--name", arguments->name, "The model's name (default: the file's)");
  command->add_option("--from", arguments->from, "Model to adapt: a file, or a shipped one");
  command->add_flag("--single", arguments->single,
                    "Keep what prices these timings' one machine and library only");
  command->add_option(
      "--hold-out", arguments->hold_out,
      "Write no model; keep sizes, hardware or ranks (computation: sets) aside and print\n"
      "the errors");
  command->add_option("--save-timings", arguments->save_timings,
                      "Also write the timings in the schema of docs/timings.md");
  command->add_option("--seed", arguments->options.seed, "Chooses the calls kept aside")
      ->capture_default_str();
  command->add_option("--iterations", arguments->options.most_iterations, "At most so many")
      ->check(CLI::Range(10, 100000))
      ->capture_default_str();
  command
      ->add_option("--architecture", arguments->architecture,
                   "Of a compute model: roofline_residual, neuroshard")
      ->capture_default_str();
  command->add_option("--epochs", arguments->epochs, "Of a compute model, at most")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print the errors of --hold-out as JSON");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
