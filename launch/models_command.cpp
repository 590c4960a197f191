#include "costmodel/cost_model.hpp"
#include "launch/commands.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace shardwright {
namespace {

// Models that price computation and communication together are bundles.
constexpr const char* kKind = "bundle";

nlohmann::json describe(const CostModel& model) {
  return {{"name", model.name()},
          {"kind", kKind},
          {"geometric_mean_error", nullptr},  // known for fitted models only
          {"provenance", model.provenance()}};
}

void print_json() {
  nlohmann::json models = nlohmann::json::array();
  for (const auto& name : cost_model_names()) models.push_back(describe(*make_cost_model(name)));
  fmt::print("{}\n", models.dump(2));
}

void print_table() {
  constexpr const char* kRow = "{:<10}{:<8}{:<12}{}\n";
  fmt::print(kRow, "name", "kind", "error", "rests on");
  for (const auto& name : cost_model_names()) {
    fmt::print(kRow, name, kKind, "not fitted", make_cost_model(name)->provenance());
  }
}

}  // namespace

void add_models_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("models", "List the cost models for --cost-model");
  command->footer("Examples:\n  shardwright models\n  shardwright models --json");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print one JSON document");
  command->callback([json] { *json ? print_json() : print_table(); });
}

}  // namespace shardwright
