#pragma once

#include "costmodel/timings/compute_timings.hpp"
#include "runtime/profile/growing_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace shardwright {

/// A file of compute timings that grows by whole lines and survives interruption.
class TimingFile {
 public:
  /// Opens `file` to go on, without a last line that was cut off, or begins it with a header.
  /// `make_metadata` is called for a new file only. Throws InputError if it is something else,
  /// EnvironmentError if it cannot be written.
  TimingFile(const std::string& file,
             const std::function<std::map<std::string, std::string>()>& make_metadata);

  /// The set after the last one of this profile, 0 if there is none.
  std::int64_t next_set(std::uint64_t seed, std::int64_t busy_ranks, std::int64_t repeat) const;
  /// One more than the largest repeat of the seed's sets with this batch, 1 if there is none.
  std::int64_t next_repeat(std::uint64_t seed, std::int64_t batch_size) const;
  /// Writes lines through to the file.
  void append(const std::string& lines) { file_->append(lines); }

 private:
  ComputeTimings before_;
  std::optional<GrowingFile> file_;
};

}  // namespace shardwright
