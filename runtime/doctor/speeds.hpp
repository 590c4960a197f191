#pragma once

#include "runtime/comm/communicator.hpp"

#include <vector>

namespace shardwright {

/// What a rank's memory and network do in a second or so.
struct RankSpeeds {
  double copy_gb_per_s = 0;         ///< 1e9 bytes copied, alone or beside the host's other ranks
  double all_to_all_gb_per_s = 0;   ///< 1e9 bytes sent to other ranks; 0 for one rank
  double smallest_exchange_us = 0;  ///< an all-to-all of 8 bytes per pair; 0 for one rank
};

/// Every rank's, by rank, all measured at once. Medians of a few repeats. Blocks.
std::vector<RankSpeeds> measure_speeds(Communicator& comm);

}  // namespace shardwright
