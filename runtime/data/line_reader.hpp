#pragma once

#include "runtime/data/fnv.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// Reads a text file line by line through one buffer, hashing its bytes on the way. "-" is standard
/// input. Throws InputError (path, cause) if the file cannot be read, is compressed, or has a line
/// of more than 1 MiB.
class LineReader {
 public:
  static constexpr std::size_t kLongestLine = std::size_t{1} << 20;  ///< bytes

  explicit LineReader(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end (\n or \r\n), valid until the next call; false at the end.
  bool next(std::string_view& line);

  const std::string& path() const { return path_; }
  std::int64_t line_number() const { return line_number_; }  ///< of the last line; from 1
  /// FNV-1a of all bytes read so far, 16 hexadecimal digits; the file's once next() gave false.
  std::string hash() const { return hash_.text(); }

 private:
  bool fill();

  std::string path_;
  int descriptor_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< of the unread part of the buffer
  std::size_t end_ = 0;
  std::int64_t line_number_ = 0;
  Fnv hash_;
};

}  // namespace shardwright
