#pragma once

#include "planner/plan.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// What --cost-model takes, for people.
std::string cost_models_help();

/// Which plan a command is about, and by which cost model it is judged.
struct PlanSource {
  std::string plan;
  std::string cost_model;  ///< empty: the plan's, else the default of its ranks
};

/// PLAN and --cost-model.
void add_plan_source(CLI::App& command, PlanSource& source);

/// The cost model of that name; if it is empty, the one `plan` was made with, else the default of
/// its ranks.
/// Throws as make_cost_model does.
std::unique_ptr<CostModel> cost_model_for(const std::string& name, const Plan& plan);

/// What `--probe` says, if it is given. Throws UsageError.
std::optional<MachineProbe> parse_probe_option(const std::optional<std::string>& text);

/// A sentence each on what a model's prices of these tables and ranks do not rest on, empty if
/// there is nothing to say: what lies outside of what it was fitted to, or a probe that it does not
/// know how to use.
std::string doubts_about(const CostModel& model, const Workload& workload,
                         const Topology& topology);

/// Says on standard error what the model was fitted to, and the doubts about its prices of the
/// plan.
void say_what_prices_rest_on(const CostModel& model, const Plan& plan);

/// A valid plan with the predictions of `cost_model`.
struct RatedPlan {
  Plan plan;
  std::unique_ptr<CostModel> cost_model;
};

/// Reads and rates it, and says what its prices rest on. Throws as read_plan and make_cost_model
/// do.
RatedPlan read_rated_plan(const PlanSource& source);

/// "table_wise,column_wise". Throws UsageError.
std::vector<ShardingType> parse_type_list(const std::string& list);

}  // namespace shardwright
