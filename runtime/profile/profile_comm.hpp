#pragma once

#include "costmodel/bytes.hpp"
#include "runtime/profile/comm_timing_file.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace shardwright {

struct CommProfileOptions {
  std::string output;            ///< CSV of docs/timings.md; goes on where it ends
  double budget_seconds = 1200;  ///< no call begins after it
  Bytes most_bytes{std::int64_t{512} << 20};
  std::uint64_t seed = 1;   ///< of uneven sizes and delays
  std::int64_t repeat = 1;  ///< number of this run, to see the scatter between runs
  std::string hardware;     ///< of rank 0
  std::string link;         ///< what joins the ranks; empty: by how they are placed
  std::string library;
  CollectiveEffort effort;
  std::string command;
  std::string version;  ///< of the program
};

struct CommProfileProgress {
  std::int64_t measured = 0;  ///< calls in the file
  std::int64_t total = 0;     ///< calls that are to be
  double spent_seconds = 0;
  double left_seconds = 0;  ///< at most, by the budget and by the calls so far
};

/// What a run came to.
struct CommProfileEnd {
  CommProfileRun run;
  std::int64_t measured = 0;  ///< calls in the file, from earlier too
  std::int64_t total = 0;     ///< calls that were to be
  Bytes largest;              ///< size among these
  /// Calls not asked for since they do not fit into half of the hosts' free memory.
  std::int64_t too_large = 0;
  /// Exchanges in place that were not asked for, as not all ranks map each other's memory.
  std::int64_t apart = 0;
  Bytes free;  ///< of the host with the least for each rank: that memory for one rank
};

/// Measures call after call and appends its lines. All ranks of `comm`, at least two, must be given
/// the same; rank 0 writes and hears the progress. Calls that the file has of the same setting,
/// ranks, nodes, seed and repeat are not measured again. Throws UsageError for one rank,
/// InputError, EnvironmentError. The same result on every rank. Blocks.
CommProfileEnd profile_comm(Communicator& comm, const CommProfileOptions& options,
                            const std::function<void(const CommProfileProgress&)>& progress);

}  // namespace shardwright
