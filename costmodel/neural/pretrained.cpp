#include "costmodel/neural/pretrained.hpp"

#include "costmodel/errors.hpp"
#include "costmodel/neural/comm_model_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shardwright {
namespace {

bool is_comm(const PretrainedText& text) {
  return text.json.substr(0, 200).find("shardwright.comm_model/") != std::string_view::npos;
}

const PretrainedText* lookup(std::string_view name) {
  for (const PretrainedText& text : pretrained_texts()) {
    if (text.name == name && is_comm(text)) return &text;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> pretrained_names() {
  std::vector<std::string> names;
  for (const PretrainedText& text : pretrained_texts()) {
    if (is_comm(text)) names.emplace_back(text.name);
  }
  return names;
}

bool is_pretrained(std::string_view name) { return lookup(name) != nullptr; }

CommModel load_pretrained(std::string_view name) {
  const PretrainedText* text = lookup(name);
  if (text != nullptr) return parse_comm_model(text->json, std::string(name));
  throw UsageError(fmt::format("'{}' is not a shipped model. Shipped are {}.", name,
                               fmt::join(pretrained_names(), ", ")));
}

}  // namespace shardwright
