#pragma once

#include <string>
#include <string_view>

namespace shardwright {

/// Whether a text is UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

/// Throws InputError that names `file` unless it is: what is not could not be written into a model.
void require_utf8(std::string_view text, const std::string& file);

}  // namespace shardwright
