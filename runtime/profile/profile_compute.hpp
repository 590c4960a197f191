#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/profile/operator_timer.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace shardwright {

enum class ProfiledDevice { cpu, cuda };

struct ComputeProfileOptions {
  ProfiledDevice device = ProfiledDevice::cpu;
  std::string output;            ///< CSV of docs/timings.md; goes on where it ends
  double budget_seconds = 1200;  ///< no set begins after it
  std::int64_t most_sets = 0;    ///< in the file when done; 0: as many as the budget allows
  std::int64_t variants = 4;     ///< batches per table set
  std::int64_t repeat = 1;       ///< number of this run, to see the scatter between runs
  std::uint64_t seed = 1;
  ProfileClock clock = ProfileClock::wall;
  TableSetRanges ranges;
  TimingEffort effort;
  std::string command;
  std::string version;  ///< of the program
};

struct ComputeProfileProgress {
  std::int64_t sets = 0;  ///< of the file
  std::int64_t rows = 0;  ///< measured now
  double spent_seconds = 0;
  double left_seconds = 0;  ///< at most, by the budget and by most_sets
};

/// Measures table set after table set and appends a line per measurement; the lines of a set are
/// written together. All ranks of `comm` measure at the same time, each on its own copy of the set
/// with ids of its own; rank 0 writes the mean over the ranks. A file that exists must be of
/// compute timings; sets that it has of the same seed, busy ranks and repeat are not measured
/// again, and a last line that was cut off is removed. `progress` is called on rank 0. Throws
/// InputError, EnvironmentError. Blocks.
void profile_compute(Communicator& comm, const ComputeProfileOptions& options,
                     const std::function<void(const ComputeProfileProgress&)>& progress);

}  // namespace shardwright
