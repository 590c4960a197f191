#pragma once

#include "launch/earlier_plan.hpp"
#include "launch/search_effort.hpp"
#include "launch/training_reserve.hpp"
#include "planner/spec/read_workload.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace shardwright {

/// What `plan` is asked for, as it was written.
struct PlanArguments {
  SpecSource source;
  std::string topology;
  std::optional<std::string> probe;  ///< as parse_probe takes it; else the topology's
  std::string constraints;
  TrainingReserve training;
  std::string types;
  std::string algorithm = SearchOptions{}.algorithm;
  std::string cost_model;  ///< empty until the default of the topology is known
  std::string objective = "step";
  std::string memory_model = "full";
  std::string unique_rows;  ///< empty: none, or as in the earlier plan
  std::int64_t batch_size = 0;
  std::int64_t seed = 1;
  EffortArguments effort;
  EarlierPlan earlier;
  bool json = false;
  std::string output;
};

/// Adds what `plan` takes to a command.
void add_plan_arguments(CLI::App& command, PlanArguments& arguments);

}  // namespace shardwright
