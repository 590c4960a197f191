#pragma once

#include <string>
#include <string_view>

namespace shardwright {

/// Whether a new file must survive a power loss. Without that, readers still see the old content or
/// the new one; after a power loss there may be neither.
enum class Lasting : bool { no, yes };

/// Replaces `file` by `content` whole or not at all: writes beside it, syncs, renames, syncs the
/// folder; not `lasting`, it syncs nothing, which is cheap enough to be done every second.
/// "-" is standard output. Throws EnvironmentError (path, cause); the old file then stays as it
/// was.
void write_file(const std::string& file, std::string_view content, Lasting lasting = Lasting::yes);

/// Throws what write_file() would if `file` cannot be written, before what takes long: makes a file
/// beside it as that does and removes it again. Empty and "-" are fine.
void require_writable(const std::string& file);

}  // namespace shardwright
