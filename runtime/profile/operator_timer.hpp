#pragma once

#include "planner/plan.hpp"
#include "runtime/bench/disturbance.hpp"
#include "runtime/profile/median.hpp"
#include "runtime/profile/solo_communicator.hpp"
#include "runtime/profile/table_sets.hpp"

#include <cstdint>
#include <functional>

namespace shardwright {

struct OperatorTiming {
  MedianTime forward;
  MedianTime backward;
  MachineProbe probe;       ///< of the passes that count; unknown on devices
  std::int64_t passes = 0;  ///< all, also those that were left out as disturbed
};

struct TimingEffort {
  std::int64_t least_passes = 5;
  std::int64_t most_passes = 11;
  double precision = 0.03;  ///< the medians' intervals (MedianTime::ci) that are narrow enough
  double patience_s = 1;    ///< no further passes after it, however few were undisturbed
};

/// What ranks that measure at the same time do together; one rank alone needs nothing of it.
struct Together {
  std::function<void()> start = [] {};                             ///< before each pass
  std::function<bool(bool)> all = [](bool mine) { return mine; };  ///< whether true on all ranks
};

/// A plan that has the whole set on one rank.
Plan plan_of(const TableSet& set);

/// Times the runtime's operator (ShardedEmbeddings: look-up; update with its grouping of ids) on a
/// rank that holds the whole set, for each of its variants. Every pass has fresh ids; the exchanges
/// that a rank has with itself lie between forward and backward, as in training, outside the times.
/// One warm-up pass. Passes during which others disturbed the core or the memory (Disturbance,
/// before and after) are left out and counted as outliers, as long as there are enough others.
/// Throws EnvironmentError if there is no memory.
std::vector<OperatorTiming> time_operator(const TableSet& set, std::uint64_t seed,
                                          ProfileClock clock, const TimingEffort& effort,
                                          Disturbance& disturbance, const Together& together);

}  // namespace shardwright
