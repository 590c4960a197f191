#include "costmodel/default_models.hpp"
#include "launch/commands.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/print_json.hpp"
#include "planner/diff/plan_diff.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

namespace shardwright {
namespace {

constexpr std::string_view kEarlier = "earlier";
constexpr std::string_view kLater = "later";

struct DiffArguments {
  std::string before;
  std::string after;
  std::string cost_model;
  bool json = false;
};

void rate(Plan& plan, const CostModel& model, std::string_view which) {
  rate_plan(plan, model);
  const std::string doubts = doubts_about(model, plan.workload, plan.topology);
  if (!doubts.empty()) fmt::print(stderr, "Warning: the {} plan: {}\n", which, doubts);
}

// By one model; where that would only be the default of the later plan's ranks, each plan by the
// default of its own, of parts that are fitted for both.
void rate_both(const std::string& cost_model, Plan& before, Plan& after) {
  const bool by_default =
      cost_model.empty() &&
      (after.cost_model.empty() || after.cost_model == default_cost_model(after.topology));
  if (!by_default) {
    const auto model = cost_model_for(cost_model, after);
    rate(before, *model, kEarlier);
    rate(after, *model, kLater);
    return;
  }
  const auto names = default_cost_models({before.topology, after.topology});
  rate(before, *make_cost_model(names.front()), kEarlier);
  rate(after, *make_cost_model(names.back()), kLater);
}

void run(const DiffArguments& arguments) {
  Plan before = read_plan(arguments.before);
  Plan after = read_plan(arguments.after);
  before.objective = after.objective;
  before.topology.probe = after.topology.probe;  // a faster machine is no gain of the plan's
  rate_both(arguments.cost_model, before, after);
  const PlanDiff diff = diff_plans(before, after);
  if (arguments.json) {
    print_json(diff_to_json(before, after, diff));
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
