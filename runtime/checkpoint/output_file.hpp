#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shardwright {

/// What a file on disk should hold, to tell later whether it still does.
struct FileRecord {
  std::int64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< 64-bit FNV-1a of all bytes
};

/// Continues a 64-bit FNV-1a checksum; start with kEmptyChecksum.
inline constexpr std::uint64_t kEmptyChecksum = 0xcbf29ce484222325;
std::uint64_t add_to_checksum(std::uint64_t checksum, std::span<const std::byte> data);

/// A new file, written from front to end. Throws EnvironmentError with path and cause.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> data);
  /// Brings everything to the disk and closes.
  FileRecord finish();

 private:
  [[noreturn]] void fail() const;

  std::string path_;
  int descriptor_ = -1;
  FileRecord record_{0, kEmptyChecksum};
};

/// Brings the names in a folder to the disk, where the file system can.
void sync_folder(const std::string& folder);

}  // namespace shardwright
