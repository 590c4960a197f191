#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright::fuzz {

/// A JSON document with one or a few members changed: a value replaced by one that readers may trip
/// over, removed, doubled, or copied from elsewhere in the document. Empty if `text` is no JSON.
/// The same seed gives the same change.
std::string mutate_json(std::string_view text, std::uint32_t seed);

}  // namespace shardwright::fuzz
