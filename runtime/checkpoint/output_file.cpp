#include "runtime/checkpoint/output_file.hpp"

#include "costmodel/errors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace shardwright {
namespace {

// Checksummed and written piece by piece, while it is in the cache.
constexpr std::size_t kPiece = std::size_t{1} << 20;

}  // namespace

std::uint64_t add_to_checksum(std::uint64_t checksum, std::span<const std::byte> data) {
  for (const std::byte byte : data) {
    checksum = (checksum ^ std::to_integer<std::uint64_t>(byte)) * std::uint64_t{0x100000001b3};
  }
  return checksum;
}

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail();
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::fail() const {
  throw EnvironmentError(
      fmt::format("{} cannot be written: {}. Make room or choose another folder with --output.",
                  path_, std::strerror(errno)));
}

void OutputFile::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    const auto piece = data.first(std::min(data.size(), kPiece));
    const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    const auto done = static_cast<std::size_t>(written);
    record_.checksum = add_to_checksum(record_.checksum, data.first(done));
    record_.bytes += written;
    data = data.subspan(done);
  }
}

FileRecord OutputFile::finish() {
  if (::fsync(descriptor_) != 0) fail();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail();
  return record_;
}

void sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace shardwright
