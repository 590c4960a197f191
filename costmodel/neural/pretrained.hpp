#pragma once

#include "costmodel/neural/comm_model.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// A shipped model of communication or (compute/shipped_compute_models.hpp) computation:
/// costmodel/pretrained/<name>.json, built into the program.
struct PretrainedText {
  std::string_view name;
  std::string_view json;
};
std::span<const PretrainedText> pretrained_texts();

/// The communication models among them.
std::vector<std::string> pretrained_names();
bool is_pretrained(std::string_view name);
/// Throws UsageError that lists the names.
CommModel load_pretrained(std::string_view name);

}  // namespace shardwright
