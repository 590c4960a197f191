#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace shardwright {

/// metrics.jsonl: one JSON object a line (docs/training_math.md), there to be followed while a job
/// runs. Rank 0 holds one; so that a full disk ends all ranks alike, lines are only kept by add(),
/// and go to the file in write_pending(), inside the ranks' next agreement.
class MetricsFile {
 public:
  /// Makes the folder and the file, where there is none, and locks it until the end: one training
  /// job at a time per output folder. Throws EnvironmentError.
  explicit MetricsFile(const std::string& folder);
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  /// Before the first line: keeps the whole lines among the file's first `bytes` bytes, of a job
  /// that goes on from there, and cuts off what follows. Throws EnvironmentError.
  void start_after(std::int64_t bytes);
  std::int64_t bytes() const { return bytes_; }  ///< written to the file so far

  void add(const nlohmann::json& event);
  /// One object, written already, with its newline.
  void add_line(std::string_view line) { pending_ += line; }
  /// Throws EnvironmentError.
  void write_pending();

 private:
  void claim(const std::string& folder);
  [[noreturn]] void fail() const;

  std::string path_;
  int descriptor_ = -1;
  std::int64_t bytes_ = 0;
  std::string pending_;
};

}  // namespace shardwright
