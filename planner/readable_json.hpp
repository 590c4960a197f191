#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {

/// `json` as text for people and diffs: what fits into 160 columns stands on one line, the rest has
/// one member or element per line. Ends with a line break. Equal values give equal bytes. Bytes
/// that are no UTF-8, as names of files may have, are replaced by U+FFFD.
std::string readable_json(const nlohmann::json& json);

}  // namespace shardwright
