#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shardwright {

/// A file that is read at any place without being mapped: memory stays that of the buffers read
/// into, however large the file. Several readers may share one.
class RandomFile {
 public:
  /// Throws InputError (path, cause) if it is no regular file that can be read.
  explicit RandomFile(std::string path);
  ~RandomFile();
  RandomFile(const RandomFile&) = delete;
  RandomFile& operator=(const RandomFile&) = delete;

  const std::string& path() const { return path_; }
  std::int64_t size() const { return size_; }  ///< bytes, when it was opened

  /// Fills `bytes` with those from `offset` on. Throws InputError (path, offset, cause) if they
  /// cannot be read or the file has grown shorter.
  void read(std::int64_t offset, std::span<std::byte> bytes) const;

 private:
  std::string path_;
  int descriptor_;
  std::int64_t size_ = 0;
};

}  // namespace shardwright
