#include "costmodel/compute/shipped_compute_models.hpp"

#include "costmodel/compute/compute_model_json.hpp"
#include "costmodel/errors.hpp"
#include "costmodel/neural/pretrained.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shardwright {

std::vector<std::string> shipped_compute_model_names() {
  std::vector<std::string> names;
  for (const PretrainedText& text : pretrained_texts()) {
    if (is_compute_model(text.json)) names.emplace_back(text.name);
  }
  return names;
}

bool is_shipped_compute_model(std::string_view name) {
  for (const std::string& shipped : shipped_compute_model_names()) {
    if (shipped == name) return true;
  }
  return false;
}

ComputeModel load_shipped_compute_model(std::string_view name) {
  for (const PretrainedText& text : pretrained_texts()) {
    if (text.name == name && is_compute_model(text.json)) {
      return parse_compute_model(text.json, std::string(name));
    }
  }
  throw UsageError(fmt::format("'{}' is not a shipped compute model. Shipped are {}.", name,
                               fmt::join(shipped_compute_model_names(), ", ")));
}

}  // namespace shardwright
