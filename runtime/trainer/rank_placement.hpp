#pragma once

#include "runtime/comm/communicator.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// How the ranks share the machines: figures of two ranks on one core say little about speed.
struct RankPlacement {
  std::int64_t ranks = 0;
  std::int64_t hosts = 0;
  std::int64_t most_ranks_per_host = 0;
  std::int64_t cores_of_that_host = 0;  ///< logical
  std::vector<std::string> host_of_rank = {};
  /// Ranks then wait for each other's turns.
  bool shares_cores() const { return most_ranks_per_host > cores_of_that_host; }
};

/// Blocks.
RankPlacement find_placement(Communicator& comm);
/// "4 ranks share 2 cores".
std::string describe(const RankPlacement& placement);

}  // namespace shardwright
