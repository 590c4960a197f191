#include "runtime/data/random_file.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace shardwright {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& cause) {
  throw InputError(fmt::format("Cannot read {}: {}.", path, cause));
}

}  // namespace

RandomFile::RandomFile(std::string path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(path_, std::strerror(errno));
  struct stat status = {};
  const int result = ::fstat(descriptor_, &status);
  const int cause = errno;
  if (result == 0 && S_ISREG(status.st_mode)) {
    size_ = status.st_size;
    return;
  }
  ::close(descriptor_);
  fail(path_, result == 0 ? "it is not a regular file" : std::strerror(cause));
}

RandomFile::~RandomFile() { ::close(descriptor_); }

void RandomFile::read(std::int64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(descriptor_, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, fmt::format("at byte {}: {}", offset, std::strerror(errno)));
    if (count == 0)
      fail(path_, fmt::format("it ends at byte {}, {} more were expected", offset, bytes.size()));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += count;
  }
}

}  // namespace shardwright
