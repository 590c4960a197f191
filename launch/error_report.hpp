#pragma once

#include "costmodel/timings/error_slices.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace shardwright {

/// One JSON document: {"model", "rows", "geometric_mean_error", …, "slices": […]}.
nlohmann::ordered_json errors_to_json(const std::string& model,
                                      const std::vector<ErrorSlice>& slices);
/// A table of at most 120 columns.
std::string errors_to_text(const std::vector<ErrorSlice>& slices);

}  // namespace shardwright
