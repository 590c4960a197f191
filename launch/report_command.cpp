#include "costmodel/json/write_file.hpp"
#include "launch/commands.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/run_report/run_report.hpp"
#include "planner/report/report.hpp"
#include "planner/search/algorithms.hpp"
#include "planner/spec/cell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct ReportArguments {
  PlanSource source;
  std::string baselines = fmt::to_string(fmt::join(quick_baselines(), ","));
  bool json = false;
  std::string output;
};

std::vector<std::string> baseline_names(const std::string& list) {
  std::vector<std::string> names;
  if (list == "none") return names;
  for (const std::string_view name : split_list(list, ',')) {
    names.emplace_back(find_algorithm(name).name);
  }
  return names;
}

void write_report(const ReportArguments& arguments, const std::string& text) {
  write_file(arguments.output, text);
  if (arguments.output != "-") fmt::print(stderr, "Wrote {}.\n", arguments.output);
}

void report_run(const ReportArguments& arguments) {
  const nlohmann::json data = read_run_report(arguments.source.plan);
  write_report(arguments, arguments.json ? data.dump(2) + "\n" : run_report_to_html(data));
}

void report_plan(const ReportArguments& arguments) {
  const auto names = baseline_names(arguments.baselines);
  const RatedPlan rated = read_rated_plan(arguments.source);
  const auto baselines = run_baselines(rated.plan, *rated.cost_model, names);
  const nlohmann::json data = report_to_json(rated.plan, *rated.cost_model, baselines);
  write_report(arguments, arguments.json ? data.dump(2) + "\n" : report_to_html(data));
}

void run(const ReportArguments& arguments) {
  require_writable(arguments.output);
  if (std::filesystem::is_directory(arguments.source.plan)) return report_run(arguments);
  report_plan(arguments);
}

}  // namespace

void add_report_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "report", "Write a plan, or a training run, as one web page that needs no network");
  command->footer(
      "Examples:\n"
      "  shardwright report plan.json -o report.html\n"
      "  shardwright report plan.json --baselines neuroshard,torchrec_greedy -o report.html\n"
      "  shardwright report out/run -o run.html      # the --output folder of a training");
  const auto arguments = std::make_shared<ReportArguments>();
  add_plan_source(*command, arguments->source);
  command
      ->add_option(
          "--baselines", arguments->baselines,
          "Algorithms to compare with, or none; the default takes no longer\nthan a moment")
      ->type_name("A,B")
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Write the page's data instead of the page");
  command->add_option("-o,--output", arguments->output, "File to write; - is standard output")
      ->type_name("FILE")
      ->required();
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
