#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/neural/pretrained.hpp"
#include "launch/commands.hpp"
#include "launch/print_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {
namespace {

struct ListedModel {
  std::string name;
  std::string kind;  ///< a bundle prices computation and communication together
  std::optional<double> error;
  std::string rests_on;
};

std::vector<ListedModel> listed_models() {
  std::vector<ListedModel> models;
  for (const std::string& name : cost_model_names()) {
    models.push_back({name, "bundle", {}, std::string(make_cost_model(name)->provenance())});
  }
  for (const std::string& name : shipped_compute_model_names()) {
    const ComputeModel model = load_shipped_compute_model(name);
    models.push_back({name, "compute", model.error.geometric_mean_error, model.error.how});
  }
  for (const std::string& name : pretrained_names()) {
    const CommModel model = load_pretrained(name);
    models.push_back({name, "comm", model.error.geometric_mean_error, model.error.how});
  }
  return models;
}

void print_document() {
  nlohmann::json json = nlohmann::json::array();
  for (const ListedModel& model : listed_models()) {
    json.push_back({{"name", model.name},
                    {"kind", model.kind},
                    {"geometric_mean_error", nullptr},
                    {"provenance", model.rests_on}});
    if (model.error) json.back()["geometric_mean_error"] = *model.error;
  }
  print_json(json);
}

void print_table() {
  constexpr const char* kRow = "{:<26}{:<9}{:<12}{}\n";
  fmt::print(kRow, "name", "kind", "error", "rests on");
  for (const ListedModel& model : listed_models()) {
    fmt::print(kRow, model.name, model.kind,
               model.error ? fmt::format("{:.1f} %", 100 * *model.error) : "not fitted",
               model.rests_on);
  }
}

}  // namespace

void add_models_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("models", "List the cost models, with their errors");
  command->footer("Examples:\n  shardwright models\n  shardwright models --json");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print one JSON document");
  command->callback([json] { *json ? print_document() : print_table(); });
}

}  // namespace shardwright
