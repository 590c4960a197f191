#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// A new file that values are appended to, through a buffer of 64 KiB. Throws EnvironmentError
/// (path, cause) when the disk is full or fails. Move-only.
class ColumnFile {
 public:
  explicit ColumnFile(std::string path);
  ~ColumnFile();
  ColumnFile(ColumnFile&& other) noexcept;
  ColumnFile& operator=(ColumnFile&&) = delete;
  ColumnFile(const ColumnFile&) = delete;
  ColumnFile& operator=(const ColumnFile&) = delete;

  template <class T>
  void append(std::span<const T> values) {
    append_bytes(std::as_bytes(values));
  }
  /// Writes out what is buffered, syncs and closes. Call it: the destructor drops the buffer.
  void close();

 private:
  void append_bytes(std::span<const std::byte> bytes);
  void flush();

  std::string path_;
  int descriptor_;
  std::vector<std::byte> buffer_;
};

}  // namespace shardwright
