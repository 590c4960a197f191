#include "costmodel/cost_model.hpp"
#include "launch/commands.hpp"
#include "launch/plan_under_model.hpp"
#include "launch/print_json.hpp"
#include "planner/describe_plan.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/rating_json.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace shardwright {
namespace {

struct RateArguments {
  std::string plan;
  std::string cost_model;
  std::string objective;
  std::optional<std::string> probe;
  bool json = false;
};

void run(const RateArguments& arguments) {
  const auto probe = parse_probe_option(arguments.probe);
  Plan plan = read_plan(arguments.plan);
  if (probe) plan.topology.probe = *probe;
  const auto start = std::chrono::steady_clock::now();
  const auto cost_model = cost_model_for(arguments.cost_model, plan);
  if (!arguments.objective.empty()) plan.objective = parse_objective(arguments.objective);
  rate_plan(plan, *cost_model);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  plan.search = {"", 0, spent.count(), 1, "work"};
  say_what_prices_rest_on(*cost_model, plan);
  if (arguments.json) {
    print_json(rating_to_json(plan));
  } else {
    fmt::print("{}", describe_prediction(plan));
  }
}

}  // namespace

void add_rate_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rate", "Price a plan, also by another cost model");
  command->footer(
      "Examples:\n"
      "  shardwright rate plan.json\n"
      "  shardwright rate plan.json --probe 22.6/5.3/7.3\n"
      "  shardwright rate plan.json --cost-model torchrec --objective max_sum --json");
  const auto arguments = std::make_shared<RateArguments>();
  command->add_option("PLAN", arguments->plan, "Plan file; - is standard input")->required();
  command->add_option("--cost-model", arguments->cost_model,
                      fmt::format("{} (default: the plan's)", cost_models_help()));
  command->add_option("--objective", arguments->objective,
                      "step, max_sum, memory (default: the plan's)");
  command
      ->add_option(
          "--probe", arguments->probe,
          "What the ranks' processors do, as `profile probe` prints it\n(default: the plan's)")
      ->type_name("C/G/F");
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace shardwright
