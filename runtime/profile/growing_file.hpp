#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace shardwright {

/// A text file that grows by whole lines and so survives interruption.
class GrowingFile {
 public:
  /// Opens `file` to go on after its first `keep` bytes; the rest is removed. Throws
  /// EnvironmentError if it cannot be written.
  GrowingFile(const std::string& file, std::size_t keep);

  /// Writes lines through to the file. Throws EnvironmentError.
  void append(const std::string& lines);

  /// All of a file; empty if there is none.
  static std::string content_of(const std::string& file);

 private:
  std::string file_;
  std::ofstream stream_;
};

}  // namespace shardwright
