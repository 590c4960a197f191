#pragma once

#include <string>

namespace shardwright {

/// Puts the folder `partial` in the place of `folder` in one step, brings the change to the disk,
/// and removes what stood there. Both lie in one parent folder and hold no more than files that may
/// be removed. On a file system that cannot swap folders, the old one steps aside for a moment, as
/// FOLDER.old. Throws std::filesystem::filesystem_error; `folder` is then as it was.
void publish_folder(const std::string& partial, const std::string& folder);

}  // namespace shardwright
