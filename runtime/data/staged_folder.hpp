#pragma once

#include <filesystem>
#include <string>

namespace shardwright {

/// A folder that appears whole or not at all: written as FOLDER.partial, which publish() puts in
/// FOLDER's place in one step; what stood there stays until then. Without publish() the partial is
/// removed. FOLDER.partial left by a process that was killed is taken over; one that a living
/// process holds is an error.
///
/// Only data folders are ever replaced: a FOLDER with any file that `shardwright data` does not
/// write is refused with a UsageError. Everything else throws EnvironmentError (path, cause).
class StagedFolder {
 public:
  explicit StagedFolder(const std::string& folder);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  /// Where to write.
  std::string path() const { return partial_.string(); }
  void publish();

 private:
  void lock();

  std::filesystem::path target_;
  std::filesystem::path partial_;
  int lock_ = -1;  ///< descriptor of the partial, locked
  bool published_ = false;
};

}  // namespace shardwright
