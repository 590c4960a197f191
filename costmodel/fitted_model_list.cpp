#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/compute/shipped_compute_models.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/json/json_view.hpp"
#include "costmodel/neural/comm_model_json.hpp"
#include "costmodel/neural/pretrained.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace shardwright {
namespace {

[[noreturn]] void refuse(const std::string& name) {
  std::vector<std::string> known = cost_model_names();
  for (const auto& names : {shipped_compute_model_names(), pretrained_names()}) {
    known.insert(known.end(), names.begin(), names.end());
  }
  const std::string guess = nearest(name, known);
  throw UsageError(fmt::format(
      "'{}' is not a cost model{} It must be a file (*.json) or one of {}; of fitted ones, a "
      "compute model and a communication model with a comma between them.",
      name, guess.empty() ? "." : fmt::format("; did you mean '{}'?", guess),
      fmt::join(known, ", ")));
}

template <class Model>
void set(std::optional<Model>& part, Model model, std::string_view what, std::string_view list) {
  if (part) {
    throw UsageError(fmt::format("--cost-model {} names two {} models, {} and {}. Name one.", list,
                                 what, part->name, model.name));
  }
  part = std::move(model);
}

void add_file(const std::string& file, std::string_view list, FittedParts& parts) {
  const nlohmann::json json = read_json(file);
  const JsonView document(json, file);
  if (json.is_object() && json.value("schema", nlohmann::json()) == "shardwright.comm_model/1") {
    set(parts.comm, comm_model_of(document), "communication", list);
  } else {
    set(parts.compute, compute_model_of(document), "compute", list);
  }
}

void add_part(const std::string& name, std::string_view list, FittedParts& parts) {
  if (name.ends_with(".json")) return add_file(name, list, parts);
  if (is_shipped_compute_model(name)) {
    set(parts.compute, load_shipped_compute_model(name), "compute", list);
  } else if (is_pretrained(name)) {
    set(parts.comm, load_pretrained(name), "communication", list);
  } else {
    refuse(name);
  }
}

}  // namespace

std::unique_ptr<CostModel> make_fitted_cost_model(std::string_view list) {
  FittedParts parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    add_part(std::string(list.substr(begin, end - begin)), list, parts);
    begin = end + 1;
  }
  return std::make_unique<FittedCostModel>(std::move(parts), std::string(list));
}

}  // namespace shardwright
