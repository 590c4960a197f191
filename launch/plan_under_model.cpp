#include "launch/plan_under_model.hpp"

#include "costmodel/default_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/outside_training.hpp"
#include "planner/plan_json.hpp"
#include "planner/rate_plan.hpp"
#include "planner/spec/cell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shardwright {
namespace {

// Whether any of its prices depends on a machine's probe.
bool knows_speeds(const FittedParts& parts) {
  if (parts.compute && parts.compute->reference.known()) return true;
  if (!parts.comm) return false;
  const CommSpeeds& speeds = parts.comm->speeds;
  return speeds.reference.known() && speeds != CommSpeeds{.reference = speeds.reference};
}

}  // namespace

std::string cost_models_help() {
  return fmt::format(
      "{}, or a compute model, a communication model, or both\n(COMPUTE,COMM): names that "
      "`models` lists, or FILE.json",
      fmt::join(cost_model_names(), ", "));
}

void add_plan_source(CLI::App& command, PlanSource& source) {
  command.add_option("PLAN", source.plan, "Plan file; - is standard input")->required();
  command
      .add_option("--cost-model", source.cost_model,
                  fmt::format("{} (default: the plan's)", cost_models_help()))
      ->type_name("M");
}

std::unique_ptr<CostModel> cost_model_for(const std::string& name, const Plan& plan) {
  if (!name.empty()) return make_cost_model(name);
  return make_cost_model(plan.cost_model.empty() ? default_cost_model(plan.topology)
                                                 : plan.cost_model);
}

void say_what_prices_rest_on(const CostModel& model, const Plan& plan) {
  fmt::print(stderr, "Cost model {} ({}).\n", model.name(), model.provenance());
  const std::string doubts = doubts_about(model, plan.workload, plan.topology);
  if (!doubts.empty()) fmt::print(stderr, "Warning: {}\n", doubts);
}

RatedPlan read_rated_plan(const PlanSource& source) {
  RatedPlan rated;
  rated.plan = read_plan(source.plan);
  rated.cost_model = cost_model_for(source.cost_model, rated.plan);
  rate_plan(rated.plan, *rated.cost_model);
  say_what_prices_rest_on(*rated.cost_model, rated.plan);
  return rated;
}

std::optional<MachineProbe> parse_probe_option(const std::optional<std::string>& text) {
  if (!text) return {};
  return parse_probe(*text);
}

std::string doubts_about(const CostModel& model, const Workload& workload,
                         const Topology& topology) {
  const auto* fitted = dynamic_cast<const FittedCostModel*>(&model);
  std::vector<std::string> doubts;
  if (topology.probe.known() && (fitted == nullptr || !knows_speeds(fitted->parts()))) {
    doubts.push_back(
        fmt::format("{} does not know machines' speeds: a probe changes nothing.", model.name()));
  }
  if (fitted != nullptr) {
    const std::string outside = outside_training(fitted->parts(), workload, topology);
    if (!outside.empty()) doubts.push_back(outside);
  }
  return fmt::to_string(fmt::join(doubts, " "));
}

std::vector<ShardingType> parse_type_list(const std::string& list) {
  std::vector<ShardingType> types;
  for (const std::string_view type : split_list(list, ',')) {
    try {
      types.push_back(parse_sharding_type(type));
    } catch (const InputError& error) {
      throw UsageError(fmt::format("--types: {}", error.what()));
    }
  }
  return types;
}

}  // namespace shardwright
