#include "launch/commands.hpp"
#include "launch/plan_under_model.hpp"
#include "planner/diff/plan_diff.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace shardwright {
namespace {

struct DiffArguments {
  std::string before;
  std::string after;
  std::string cost_model;
  bool json = false;
};

void run(const DiffArguments& arguments) {
  Plan before = read_plan(arguments.before);
  Plan after = read_plan(arguments.after);
  const auto cost_model = cost_model_for(arguments.cost_model, after);
  before.objective = after.objective;
  rate_plan(before, *cost_model);
  rate_plan(after, *cost_model);
  const PlanDiff diff = diff_plans(before, after);
  if (arguments.json) {
    fmt::print("{}\n", diff_to_json(before, after, diff).dump(2));
  } else {
    fmt::print("{}", diff_to_text(before, after, diff));
  }
}

}  // namespace

void add_diff_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "diff", "Say what moves between two plans, and what that is predicted to gain");
  command->footer(
      "Examples:\n"
      "  shardwright diff old.json new.json\n"
      "  shardwright diff old.json new.json --json");
  const auto arguments = std::make_shared<DiffArguments>();
  command->add_option("BEFORE", arguments->before, "The earlier plan")->required();
  command->add_option("AFTER", arguments->after, "The later plan")->required();
  command
      ->add_option("--cost-model", arguments->cost_model,
                   fmt::format("{} (default: the later plan's)", cost_models_help()))
      ->type_name("M");
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
