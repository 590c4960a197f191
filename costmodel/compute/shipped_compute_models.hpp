#pragma once

#include "costmodel/compute/compute_model.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// The compute models among the shipped files (pretrained/).
std::vector<std::string> shipped_compute_model_names();
bool is_shipped_compute_model(std::string_view name);
/// Throws UsageError that lists the names.
ComputeModel load_shipped_compute_model(std::string_view name);

}  // namespace shardwright
