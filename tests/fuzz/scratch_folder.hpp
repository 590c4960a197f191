#pragma once

#include <string>
#include <string_view>

namespace shardwright::fuzz {

/// A new folder in TMPDIR for readers that take the name of a file; removed with its files when it
/// goes. Throws std::system_error.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Makes `content` the file `name` in the folder, and returns its path.
  std::string write(const std::string& name, std::string_view content) const;

 private:
  std::string path_;
};

/// The one that the process keeps for its inputs.
const ScratchFolder& scratch();

}  // namespace shardwright::fuzz
