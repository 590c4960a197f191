#pragma once

#include <string>
#include <string_view>

namespace shardwright {

/// Replaces `file` whole, so that a reader sees the old text or the new one: FILE.partial is
/// written and renamed. Nothing is synced, which would cost more than what is worth a look a
/// second. Throws EnvironmentError (path, cause).
void replace_file(const std::string& file, std::string_view text);

}  // namespace shardwright
