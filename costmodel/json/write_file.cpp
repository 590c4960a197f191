#include "costmodel/json/write_file.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

namespace shardwright {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

// Removes a file unless it was renamed away.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

[[noreturn]] void fail(const std::string& file, int error) {
  throw EnvironmentError(
      fmt::format("The file {} cannot be written: {}. What was there before is unchanged; make "
                  "room or choose another place, then try again.",
                  file, std::strerror(error)));
}

// Writes everything, or returns what errno says.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// A name beside `file` that nobody uses, opened for writing with the mode the umask gives.
int open_beside(const std::string& file, std::string& path) {
  constexpr int kAttempts = 100;
  for (int i = 0; i < kAttempts; ++i) {
    path = fmt::format("{}.{}-{}.partial", file, ::getpid(), i);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

// Makes the rename survive a power loss. Where a folder cannot be synced, either file is there
// whole, so this is no failure.
void sync_folder(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() >= 0) ::fsync(descriptor.get());
}

// `target` is what `file`, as the user calls it, stands for.
void replace(const std::string& target, std::string_view content, const std::string& file,
             Lasting lasting) {
  std::string path;
  Descriptor descriptor(open_beside(target, path));
  if (descriptor.get() < 0) fail(file, errno);
  TemporaryFile temporary(path);
  struct stat old = {};
  if (::stat(target.c_str(), &old) == 0) ::fchmod(descriptor.get(), old.st_mode & 07777U);
  if (const int error = write_all(descriptor.get(), content)) fail(file, error);
  if (lasting == Lasting::yes && ::fsync(descriptor.get()) != 0) fail(file, errno);
  if (!descriptor.close()) fail(file, errno);
  if (::rename(path.c_str(), target.c_str()) != 0) fail(file, errno);
  temporary.keep();
  if (lasting == Lasting::yes) sync_folder(target);
}

// Through a symbolic link the file it points to is replaced, and the link stays.
std::string behind_links(const std::string& file) { return fs::canonical(file).string(); }

// Pipes and devices, as /dev/null, are written to, not replaced.
void write_through(int fd, std::string_view content, const std::string& name) {
  if (const int error = fd < 0 ? errno : write_all(fd, content)) {
    throw EnvironmentError(fmt::format("Writing to {} failed: {}.", name, std::strerror(error)));
  }
}

}  // namespace

void write_file(const std::string& file, std::string_view content, Lasting lasting) {
  if (file == "-") {
    std::cout.flush();
    return write_through(STDOUT_FILENO, content, "standard output");
  }
  struct stat status = {};
  const bool exists = ::stat(file.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail(file, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    const Descriptor descriptor(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    return write_through(descriptor.get(), content, file);
  }
  replace(exists ? behind_links(file) : file, content, file, lasting);
}

void require_writable(const std::string& file) {
  if (file.empty() || file == "-") return;
  struct stat status = {};
  const bool exists = ::stat(file.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail(file, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) return;  // opening a pipe would wait for its reader
  std::string path;
  const Descriptor descriptor(open_beside(exists ? behind_links(file) : file, path));
  if (descriptor.get() < 0) fail(file, errno);
  const TemporaryFile temporary(path);
}

}  // namespace shardwright
