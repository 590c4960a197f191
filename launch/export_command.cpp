#include "costmodel/json/write_file.hpp"
#include "launch/commands.hpp"
#include "launch/exchange_losses.hpp"
#include "planner/exchange/export.hpp"
#include "planner/plan_json.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace shardwright {
namespace {

struct ExportArguments {
  std::string plan;
  std::string to;
  std::string module;
  std::string output = "-";
  bool json = false;
};

Exported exported(const ExportArguments& arguments, const Plan& plan) {
  if (arguments.to == "torchrec") return export_torchrec(plan, arguments.module);
  if (arguments.to == "torchrec-source") return export_torchrec_source(plan);
  if (arguments.to == "hugectr") return export_hugectr(plan);
  return export_csv(plan);
}

void run(const ExportArguments& arguments) {
  require_file_beside_json(arguments.json, arguments.output);
  const Plan plan = read_plan(arguments.plan);
  Exported result = exported(arguments, plan);
  if (!plan.unique_rows.empty()) {
    result.losses.emplace_back("Which tables are exchanged as unique rows stays behind.");
  }
  say_losses(result.losses);
  write_file(arguments.output, result.text);
  if (arguments.output != "-") fmt::print(stderr, "Wrote {}.\n", arguments.output);
  if (arguments.json) print_exchange(arguments.to, arguments.output, result.losses);
}

}  // namespace

void add_export_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("export", "Write a plan in the form of another program");
  command->footer(
      "Examples:\n"
      "  shardwright export plan.json --to torchrec --module sparse_arch.ebc -o "
      "torchrec_plan.json\n"
      "  shardwright export plan.json --to torchrec-source -o sharding_plan.py\n"
      "  shardwright export plan.json --to hugectr\n"
      "  shardwright export plan.json --to csv");
  const auto arguments = std::make_shared<ExportArguments>();
  command->add_option("PLAN", arguments->plan, "Plan file; - is standard input")->required();
  command
      ->add_option("--to", arguments->to,
                   "torchrec (JSON for planner/exchange/torchrec_plan.py),\ntorchrec-source "
                   "(Python), hugectr (shard_matrix) or csv")
      ->check(CLI::IsMember({"torchrec", "torchrec-source", "hugectr", "csv"}).description(""))
      ->required();
  command
      ->add_option("--module", arguments->module,
                   "With torchrec: path of the embedding module in the model (default: it\n"
                   "is the model)")
      ->type_name("PATH");
  command->add_option("-o,--output", arguments->output, "File to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_flag("--json", arguments->json,
                    "Print what was written and lost as one JSON document; needs -o FILE");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
