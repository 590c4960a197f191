#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shardwright {

/// A file mapped into memory for reading; pages are read when touched. The mapping ends with the
/// object. Move-only.
class MappedFile {
 public:
  MappedFile() = default;
  /// Throws InputError (path, cause) if there is no such file or it cannot be read.
  explicit MappedFile(std::string path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::int64_t size() const { return static_cast<std::int64_t>(size_); }  ///< bytes

  /// The bytes as values of T; a rest that makes no whole value is left out.
  template <class T>
  std::span<const T> as() const {
    return {static_cast<const T*>(data_), size_ / sizeof(T)};
  }

 private:
  std::string path_;
  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shardwright
