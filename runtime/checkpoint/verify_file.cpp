#include "costmodel/errors.hpp"
#include "runtime/checkpoint/saved_index.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace shardwright {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw InputError(fmt::format("{} is damaged: {}.", path, why));
}

/// Bytes and checksum of what the descriptor has left.
FileRecord record_of(int descriptor, const std::string& path) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::vector<std::byte> piece(kPiece);
  FileRecord record{0, kEmptyChecksum};
  while (true) {
    const ssize_t bytes = ::read(descriptor, piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) refuse(path, std::strerror(errno));
    if (bytes == 0) return record;
    record.bytes += bytes;
    record.checksum =
        add_to_checksum(record.checksum, std::span(piece).first(static_cast<std::size_t>(bytes)));
  }
}

FileRecord record_of(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) refuse(path, std::strerror(errno));
  try {
    const FileRecord record = record_of(descriptor, path);
    ::close(descriptor);
    return record;
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace

void verify_file(const std::string& folder, const SavedFile& file) {
  const std::string path = folder + "/" + file.file;
  const FileRecord found = record_of(path);
  if (found.bytes != file.record.bytes) {
    refuse(path,
           fmt::format("it has {} bytes, and index.json says {}", found.bytes, file.record.bytes));
  }
  if (found.checksum != file.record.checksum) {
    refuse(path, fmt::format("its checksum is {:016x}, and index.json says {:016x}", found.checksum,
                             file.record.checksum));
  }
}

}  // namespace shardwright
