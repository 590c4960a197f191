#include "runtime/data/column_file.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace shardwright {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

[[noreturn]] void fail(const std::string& path, int cause) {
  throw EnvironmentError(
      fmt::format("Cannot write {}: {}. Nothing was replaced.", path, std::strerror(cause)));
}

}  // namespace

ColumnFile::ColumnFile(std::string path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail(path_, errno);
  buffer_.reserve(kBufferBytes);
}

ColumnFile::~ColumnFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ColumnFile::ColumnFile(ColumnFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)) {}

void ColumnFile::append_bytes(std::span<const std::byte> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() >= kBufferBytes) flush();
}

void ColumnFile::flush() {
  std::span<const std::byte> rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, errno);
    rest = rest.subspan(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void ColumnFile::close() {
  flush();
  if (::fsync(descriptor_) != 0) fail(path_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, errno);
}

}  // namespace shardwright
