#pragma once

#include <string>
#include <string_view>

namespace shardwright {

/// Replaces `file` by `content` whole or not at all: writes beside it, syncs, renames, syncs the
/// folder.
/// "-" is standard output. Throws EnvironmentError (path, cause); the old file then stays as it
/// was.
void write_file(const std::string& file, std::string_view content);

}  // namespace shardwright
