#pragma once

#include "costmodel/neural/comm_model.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A shipped model: costmodel/pretrained/<name>.json, built into the program.
struct PretrainedText {
  std::string_view name;
  std::string_view json;
};
std::span<const PretrainedText> pretrained_texts();

std::vector<std::string> pretrained_names();
bool is_pretrained(std::string_view name);
/// Throws UsageError that lists the names.
CommModel load_pretrained(std::string_view name);

}  // namespace shardwright
