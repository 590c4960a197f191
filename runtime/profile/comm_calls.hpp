#pragma once

#include "costmodel/timings/collective.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// Which of the ranks of an all-to-all have much and which have little.
enum class Imbalance {
  none,
  senders,    ///< each sends what it has to all alike, as owners of tables do going forward
  receivers,  ///< each receives its share from all alike, as they do going backward
};

/// One call that a profile measures, on all ranks.
struct ProfiledCall {
  std::int64_t index = 0;  ///< in the list of all calls
  CollectiveKind operation = CollectiveKind::all_to_all;
  std::int64_t bytes = 0;  ///< as CollectiveCall counts them; where uneven, the mean over the ranks
  Imbalance imbalance = Imbalance::none;
  bool delayed = false;  ///< ranks start at different times
};

/// Every doubling from 512 B to 512 MiB, rising, and for each: the four collectives with equal
/// sizes and ranks that start together, all-to-alls of both imbalances, the four collectives with
/// delays, and an all-to-all with both. Then all local work from 4 KiB to 64 MiB, four times as
/// much each time, then all exchanges in place likewise.
std::vector<ProfiledCall> comm_profile_calls();

/// blocks[from][to]: bytes of an all-to-all. Uneven shares are exp(z) of normal z, drawn from the
/// seed and the call's index.
std::vector<std::vector<std::int64_t>> blocks_of(const ProfiledCall& call, std::int64_t ranks,
                                                 std::uint64_t seed);

/// When each rank starts, uniform in 0 … 1, drawn from the seed and the call's index; all 0 for a
/// call without delays.
std::vector<double> delays_of(const ProfiledCall& call, std::int64_t ranks, std::uint64_t seed);

/// At most what a rank holds of buffers for it, in bytes.
std::int64_t memory_of(const ProfiledCall& call, std::int64_t ranks, std::uint64_t seed);

}  // namespace shardwright
