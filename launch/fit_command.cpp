#include "costmodel/errors.hpp"
#include "costmodel/json/write_file.hpp"
#include "launch/comm_fit.hpp"
#include "launch/commands.hpp"
#include "launch/compute_fit.hpp"
#include "launch/compute_timing_files.hpp"
#include "launch/timing_files.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

// An option that would change nothing, and what to do instead.
struct IdleOption {
  const char* name;
  std::string_view reason;
};

constexpr std::array<IdleOption, 3> kIdleForComputation = {{
    {"--save-timings",
     "converts timings of collectives, and these are of computation: leave it out"},
    {"--single",
     "cuts a model of collectives down to one machine, and these timings are of computation: "
     "leave it out"},
    {"--iterations",
     "bounds a fit to timings of collectives, and these are of computation: give --epochs instead"},
}};
constexpr std::array<IdleOption, 2> kIdleForCollectives = {{
    {"--resume",
     "goes on with fits of minutes, and one to timings of collectives takes seconds: leave it out"},
    {"--epochs",
     "bounds a fit to timings of computation, and these are of collectives: give --iterations "
     "instead"},
}};
constexpr std::array<IdleOption, 2> kIdleForCollectivesKeptAside = {{
    {"--from",
     "adapts a model that is written, and --hold-out of collectives writes none: leave it out"},
    {"--single",
     "cuts a model that is written down to one machine, and --hold-out writes none: "
     "leave it out"},
}};
constexpr std::array<IdleOption, 1> kIdleWithoutErrors = {{
    {"--json",
     "prints the errors of --hold-out, and nothing is kept aside: give --hold-out, or leave it "
     "out"},
}};

void refuse_idle(std::span<const IdleOption> options, const CLI::App& command) {
  for (const IdleOption& option : options) {
    if (command.count(option.name) == 0) continue;
    throw UsageError(fmt::format("{} {}.", option.name, option.reason));
  }
}

struct FitArguments : FitRequest {
  TimingFiles timings;
  std::string save_timings;
  std::string architecture;  // empty: the default of the timings' kind
  std::int64_t epochs = ComputeFitOptions{}.most_epochs;
  bool single = false;
  bool resume = false;
  FitOptions options;
};

std::string name_of(const FitArguments& arguments) {
  if (!arguments.name.empty()) return arguments.name;
  if (arguments.output.empty()) return "--hold-out " + arguments.hold_out;
  return std::filesystem::path(arguments.output).stem().string();
}

FitRequest request_of(const FitArguments& arguments) {
  FitRequest request = arguments;
  request.name = name_of(arguments);
  return request;
}

void fit_comm(FitArguments& arguments) {
  CommFitRequest request{request_of(arguments), arguments.single, CommArchitecture::curves,
                         arguments.options};
  if (!arguments.architecture.empty()) {
    request.architecture = parse_comm_architecture(arguments.architecture);
  }
  const LoadedTimings loaded = load_timings(arguments.timings);
  if (!arguments.save_timings.empty()) {
    write_file(arguments.save_timings, comm_timings_to_csv(loaded.timings));
  }
  fit_comm_timings(loaded, request);
}

void fit_compute(FitArguments& arguments) {
  ComputeFitRequest request{request_of(arguments), {}};
  request.options.seed = arguments.options.seed;
  request.options.most_epochs = arguments.epochs;
  if (!arguments.architecture.empty()) {
    request.options.architecture = parse_compute_architecture(arguments.architecture);
  }
  if (arguments.resume) request.options.state_file = arguments.output + ".fit";
  fit_compute_timings(load_compute_timings(arguments.timings), request);
}

// Empty where the system does not say; reading or writing then tells why.
std::filesystem::path place_of(const std::string& file) {
  std::error_code error;
  const auto place = std::filesystem::weakly_canonical(file, error);
  return error ? std::filesystem::path() : place;
}

// What would be lost, or would never have been there.
void require_apart(const FitArguments& arguments) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const std::string& file : arguments.timings.files) files.emplace_back("TIMINGS", file);
  files.emplace_back("--from", arguments.from);
  const std::array<std::pair<std::string, std::string>, 3> written = {
      {{"-o", arguments.output},
       {"--report", arguments.report},
       {"--save-timings", arguments.save_timings}}};
  for (const auto& [option, file] : written) {
    if (file.empty()) continue;
    const std::filesystem::path place = place_of(file);
    for (const auto& [other, name] : files) {
      if (name.empty() || name == "-" || place.empty() || place_of(name) != place) continue;
      throw UsageError(fmt::format("{} {} would overwrite what {} names.", option, file, other));
    }
    files.emplace_back(option, file);
  }
}

void run(FitArguments& arguments, const CLI::App& command) {
  if (arguments.output.empty() == arguments.hold_out.empty()) {
    throw UsageError("Give either -o MODEL, to write a model, or --hold-out, to see its errors.");
  }
  if (arguments.resume && arguments.output.empty()) {
    throw UsageError("--resume keeps a fit's state beside its model: give -o MODEL.");
  }
  if (arguments.hold_out.empty()) refuse_idle(kIdleWithoutErrors, command);
  require_apart(arguments);
  if (!arguments.from.empty() && !arguments.architecture.empty()) {
    throw UsageError(
        "--architecture is for a fit from nothing; --from keeps its model's: leave one out.");
  }
  for (const std::string& file : {arguments.output, arguments.report, arguments.save_timings}) {
    require_writable(file);
  }
  if (are_compute_timings(arguments.timings)) {
    refuse_idle(kIdleForComputation, command);
    fit_compute(arguments);
  } else {
    refuse_idle(kIdleForCollectives, command);
    if (!arguments.hold_out.empty()) refuse_idle(kIdleForCollectivesKeptAside, command);
    fit_comm(arguments);
  }
}

}  // namespace

void add_fit_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("fit", "Fit a cost model to timings");
  command->footer(
      "Examples:\n"
      "  shardwright fit timings.csv -o model.json\n"
      "  shardwright fit compute_timings.csv -o cpu.json --architecture roofline_residual\n"
      "  shardwright fit mine.csv --from collectives -o adapted.json\n"
      "  shardwright fit timings.csv -o model.json --report fit.html\n"
      "  shardwright fit timings.csv --hold-out sizes");
  const auto arguments = std::make_shared<FitArguments>();
  add_timing_options(*command, arguments->timings);
  command->add_option("-o,--output", arguments->output, "Model file to write");
  command->add_option("--name", arguments->name, "The model's name (default: the file's)");
  command->add_option("--from", arguments->from, "Model to adapt: a file, or a shipped one");
  command->add_flag("--single", arguments->single,
                    "Of collectives: keep what prices these timings' one machine and library only");
  command->add_option(
      "--hold-out", arguments->hold_out,
      "Write no model; keep sizes, hardware or ranks (computation: sets) aside and print\n"
      "the errors");
  command->add_option("--save-timings", arguments->save_timings,
                      "Of collectives: also write the timings in the schema of docs/timings.md");
  command->add_option("--seed", arguments->options.seed, "Chooses the calls kept aside")
      ->capture_default_str();
  command->add_option("--iterations", arguments->options.most_iterations, "Of collectives, at most")
      ->check(CLI::Range(10, 100000))
      ->capture_default_str();
  command->add_option(
      "--architecture", arguments->architecture,
      "roofline_residual (computation), curves (collectives; the defaults), or for\n"
      "comparison neuroshard (collectives: with --hold-out sizes)");
  command->add_option("--epochs", arguments->epochs, "Of a compute model, at most")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--report", arguments->report,
                      "Also write a page of the errors of what was kept aside");
  command->add_flag("--resume", arguments->resume,
                    "Of a compute model: keep the fit's state in MODEL.fit after every epoch, and\n"
                    "go on from it after an interruption");
  command->add_flag("--json", arguments->json, "Print the errors of --hold-out as JSON");
  command->callback([arguments, command] { run(*arguments, *command); });
}

}  // namespace shardwright
