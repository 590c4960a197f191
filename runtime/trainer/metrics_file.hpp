#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {

/// metrics.jsonl: one JSON object a line (docs/training_math.md), there to be followed while a job
/// runs. Rank 0 holds one; so that a full disk ends all ranks alike, lines are only kept by add(),
/// and go to the file in write_pending(), inside the ranks' next agreement.
class MetricsFile {
 public:
  /// Makes the folder and an empty file, over an old one, and locks it until the end: one training
  /// job at a time per output folder. Throws EnvironmentError.
  explicit MetricsFile(const std::string& folder);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  void add(const nlohmann::json& event);
  /// Throws EnvironmentError.
  void write_pending();

 private:
  void claim(const std::string& folder);
  [[noreturn]] void fail() const;

  std::string path_;
  int descriptor_ = -1;
  std::string pending_;
};

}  // namespace shardwright
