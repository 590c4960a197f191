#include "runtime/checkpoint/publish_folder.hpp"

#include "runtime/checkpoint/output_file.hpp"

#include <fcntl.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

/// Swaps two folders in one step; false where the file system cannot.
bool swap_folders(const std::string& a, const std::string& b) {
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

/// Without a swap, the old folder steps aside for a moment: FOLDER.old.
void replace_in_two_steps(const std::string& partial, const std::string& folder) {
  const std::string old = folder + ".old";
  fs::remove_all(old);
  fs::rename(folder, old);
  std::error_code error;
  fs::rename(partial, folder, error);
  if (error) {
    fs::rename(old, folder);
    throw fs::filesystem_error("rename", partial, folder, error);
  }
  fs::remove_all(old, error);  // the new folder is in place: leftovers do no harm
}

}  // namespace

void publish_folder(const std::string& partial, const std::string& folder) {
  // A folder cannot be renamed onto one that holds files.
  if (!fs::exists(folder)) {
    fs::rename(partial, folder);
  } else if (swap_folders(partial, folder)) {
    std::error_code ignored;  // the new folder is in place: leftovers do no harm
    fs::remove_all(partial, ignored);
  } else {
    replace_in_two_steps(partial, folder);
  }
  sync_folder(fs::path(folder).parent_path().string());
}

}  // namespace shardwright
