#pragma once

#include "costmodel/machine_probe.hpp"
#include "runtime/bench/prober.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/profile/comm_calls.hpp"
#include "runtime/profile/median.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

struct CollectiveEffort {
  std::int64_t least_passes = 5;  ///< also those between two looks at the medians
  std::int64_t most_passes = 200;
  double precision = 0.03;  ///< the interval of the call's median that is narrow enough
  double most_ms = 2000;    ///< no more passes than the least after it
};

/// What one rank had to do with a call.
struct RankCallTiming {
  double send_bytes = 0;     ///< all_to_all: of its blocks, its own included; local work and in
                             ///< place: of whole samples; else as the call's
  double receive_bytes = 0;  ///< likewise
  double wait_ms = 0;        ///< median, from its start to that of the last rank
  MedianTime time;           ///< from the start of the last rank to its own end
};

struct CollectiveTiming {
  MedianTime time;  ///< from the start of the last rank to the end of the last
  std::int64_t passes = 0;
  MachineProbe probe;  ///< median over the passes, mean over the ranks
  std::vector<RankCallTiming> ranks;
};

/// Times a call on all ranks of `comm`: the runtime's own all-to-all, and what it builds of that:
/// all-gather, reduce-scatter and all-reduce in rank order; or local work, which all ranks do at
/// the same time with caches that were swept before; or an exchange in place, before which each
/// rank has swept its caches and then written its own matrix. Every pass begins with a barrier,
/// from whose end each rank's clock counts, so that hosts need no common time; then each rank
/// computes for its delay, at most twice the time of a pass without delays. Two passes warm up.
/// Before the passes and after every few of them all ranks probe their cores at the same time, if
/// they are given a `prober`, which all must be or none. Memory is not looked at: see memory_of().
/// The same on every rank. Blocks.
CollectiveTiming time_collective(Communicator& comm, const ProfiledCall& call, std::uint64_t seed,
                                 const CollectiveEffort& effort, Prober* prober);

}  // namespace shardwright
