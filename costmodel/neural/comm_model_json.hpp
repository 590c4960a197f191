#pragma once

#include "costmodel/neural/comm_model.hpp"

#include <string>
#include <string_view>

namespace shardwright {

/// Schema "shardwright.comm_model/1" (docs/fitting.md). Writing and reading gives the same model,
/// bit for bit.
std::string comm_model_to_json(const CommModel& model);

/// Throws InputError with the path of the fault for anything but a whole, consistent model.
CommModel parse_comm_model(std::string_view text, const std::string& file);
/// The same for a document that is already read.
class JsonView;
CommModel comm_model_of(const JsonView& document);

}  // namespace shardwright
