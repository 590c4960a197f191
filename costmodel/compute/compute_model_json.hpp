#pragma once

#include "costmodel/compute/compute_model.hpp"

#include <string>
#include <string_view>

namespace shardwright {

/// The document `shardwright.compute_model/1`, in one line.
std::string compute_model_to_json(const ComputeModel& model);

/// Whether a text is such a document, whole or not.
bool is_compute_model(std::string_view text);

/// Throws InputError with the JSON path for missing members, layers whose sizes do not fit one
/// another, and values that are not finite.
ComputeModel parse_compute_model(std::string_view text, const std::string& file);
/// The same for a document that is already read, and for a file.
class JsonView;
ComputeModel compute_model_of(const JsonView& document);
ComputeModel read_compute_model(const std::string& file);

}  // namespace shardwright
