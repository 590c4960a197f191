#include "costmodel/errors.hpp"
#include "launch/commands.hpp"
#include "launch/print_json.hpp"
#include "planner/certificate_json.hpp"
#include "planner/check.hpp"
#include "planner/plan_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct CheckArguments {
  std::string plan;
  bool json = false;
};

void print(const Plan& plan, const std::vector<std::string>& problems, bool json) {
  if (json) {
    const nlohmann::json document = {
        {"valid", problems.empty()}, {"problems", problems}, {"plan_id", plan_id(plan)}};
    print_json(document);
    return;
  }
  for (const std::string& problem : problems) fmt::print("{}\n", problem);
  if (problems.empty()) {
    fmt::print("Plan {} is valid: {} tables in {} shards on {} ranks.\n", plan_id(plan),
               plan.workload.tables.size(), plan.shards.size(), plan.topology.size());
  }
}

void check(const Proof& proof, const CheckArguments& arguments) {
  const auto problems = check_proof(proof);
  if (arguments.json) {
    const nlohmann::json document = {{"valid", problems.empty()}, {"problems", problems}};
    print_json(document);
  } else if (problems.empty()) {
    fmt::print("The certificate '{}' holds: no plan exists for these {} tables on {} ranks.\n",
               to_string(proof.certificate.kind), proof.workload.tables.size(),
               proof.topology.size());
  }
  if (!problems.empty()) throw Error(ExitCode::check_failed, problems.front());
}

void run(const CheckArguments& arguments) {
  const InputFile input = read_input_file(arguments.plan);
  if (const auto proof = read_proof(input)) return check(*proof, arguments);
  const Plan plan = read_plan_unchecked(input);
  const auto problems = check_plan(plan);
  print(plan, problems, arguments.json);
  if (problems.empty()) return;
  throw Error(ExitCode::check_failed,
              fmt::format("The plan {} has {} problem{}.", input.name, problems.size(),
                          problems.size() == 1 ? "" : "s"));
}

}  // namespace

void add_check_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "check", "Check that a plan places every element once, legally, in memory");
  command->footer(
      "Examples:\n"
      "  shardwright check plan.json\n"
      "  shardwright check plan.json --json && echo valid\n"
      "  shardwright plan tables.json --topology 2xcpu-1GiB --json > failed.json; \\\n"
      "    shardwright check failed.json     (that no plan exists, as it claims)");
  const auto arguments = std::make_shared<CheckArguments>();
  command
      ->add_option(
          "PLAN", arguments->plan,
          "Plan file, or what plan --json printed with the status infeasible; - is\nstandard input")
      ->required();
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
