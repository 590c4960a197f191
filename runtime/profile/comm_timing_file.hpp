#pragma once

#include "costmodel/timings/comm_timings.hpp"
#include "runtime/profile/collective_timer.hpp"
#include "runtime/profile/growing_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace shardwright {

/// What tells the lines of one run of `profile comm` from others in the same file.
struct CommProfileRun {
  CommSetting setting;
  std::int64_t ranks = 2;
  std::int64_t nodes = 1;
  std::int64_t ranks_per_node = 2;  ///< on the fullest
  std::uint64_t seed = 1;
  std::int64_t repeat = 1;
};

/// The lines of one call: one where ranks have equal sizes and start together, else one for each.
std::string comm_timing_lines(const CommProfileRun& run, const ProfiledCall& call,
                              const CollectiveTiming& timing);

/// A file of timings of collectives that grows call by call and survives interruption.
class CommTimingFile {
 public:
  /// Opens `file` to go on after its last whole call, or begins it with a header; `make_metadata`
  /// is called for a new file only. Throws InputError if it is something else, EnvironmentError if
  /// it cannot be written.
  CommTimingFile(const std::string& file,
                 const std::function<std::map<std::string, std::string>()>& make_metadata);

  /// The indices of the calls that the file had of this run.
  std::set<std::int64_t> calls_of(const CommProfileRun& run) const;
  void append(const std::string& lines) { file_->append(lines); }

 private:
  std::map<std::string, std::set<std::int64_t>> calls_;  // by run
  std::optional<GrowingFile> file_;
};

}  // namespace shardwright
