#include "runtime/data/staged_folder.hpp"

#include "costmodel/errors.hpp"
#include "runtime/data/data_layout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const fs::path& path, const std::string& cause) {
  throw EnvironmentError(fmt::format("Cannot {} {}: {}.", what, path.string(), cause));
}

// Absolute, without a closing slash, links resolved: the partial must stand beside the folder
// itself.
fs::path resolve(const std::string& folder) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(folder), error);
  if (error) fail("use", folder, error.message());
  return path.has_filename() ? path : path.parent_path();
}

bool is_data_file(const std::string& name) {
  constexpr std::array kNames = {kMetaFile,   kLabelsFile,  kDenseFile,
                                 kTablesFile, kTrainFolder, kTestFolder};
  for (const std::string_view known : kNames)
    if (name == known) return true;
  return name.starts_with("feature_");
}

void refuse_foreign(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder))
    throw UsageError(
        fmt::format("{} is a file, expected a folder or a new name.", folder.string()));
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!is_data_file(entry.path().filename().string()))
      throw UsageError(
          fmt::format("{} stands in the way: it is not a data folder, or holds more than one ({}). "
                      "Give another folder, or move that file away.",
                      folder.string(), entry.path().string()));
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail("open", folder, std::strerror(errno));
  const int result = ::fsync(descriptor);
  const int cause = errno;
  ::close(descriptor);
  if (result != 0 && cause != EINVAL) fail("sync", folder, std::strerror(cause));
}

void rename_path(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail("put in place", to, std::strerror(errno));
}

// Swaps two folders in one step; on a file system that cannot, by two renames.
void exchange(const fs::path& a, const fs::path& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    fail("put in place", b, std::strerror(errno));
  const fs::path aside = b.string() + ".old";
  rename_path(b, aside);
  rename_path(a, b);
  rename_path(aside, a);
}

}  // namespace

StagedFolder::StagedFolder(const std::string& folder)
    : target_(resolve(folder)), partial_(target_.string() + ".partial") {
  try {
    refuse_foreign(target_);
    fs::create_directories(partial_);
    lock();
    for (const auto& leftover : fs::directory_iterator(partial_)) fs::remove_all(leftover);
  } catch (const fs::filesystem_error& error) {
    if (lock_ >= 0) ::close(lock_);
    fail("prepare", partial_, error.code().message());
  }
}

void StagedFolder::lock() {
  lock_ = ::open(partial_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) fail("open", partial_, std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(lock_);
  fail("write", target_,
       "another process is writing it just now (it holds " + partial_.string() + ")");
}

StagedFolder::~StagedFolder() {
  if (!published_) {
    std::error_code ignored;  // a destructor must not throw, and the next run takes it over
    fs::remove_all(partial_, ignored);
  }
  ::close(lock_);
}

void StagedFolder::publish() {
  sync_folder(partial_);
  try {
    refuse_foreign(target_);
    if (fs::exists(target_)) {
      exchange(partial_, target_);
      fs::remove_all(partial_);
    } else {
      rename_path(partial_, target_);
    }
  } catch (const fs::filesystem_error& error) {
    fail("put in place", target_, error.code().message());
  }
  published_ = true;
  sync_folder(target_.parent_path());
}

}  // namespace shardwright
