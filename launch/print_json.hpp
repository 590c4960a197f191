#pragma once

#include <nlohmann/json_fwd.hpp>

namespace shardwright {

/// Prints one document on standard output. Bytes that are no UTF-8, as names of files may have, are
/// replaced by U+FFFD.
void print_json(const nlohmann::json& document);

}  // namespace shardwright
