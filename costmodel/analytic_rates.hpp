#pragma once

#include "costmodel/topology.hpp"

#include <vector>

namespace shardwright {

/// Milliseconds per unit of AnalyticLoads on one rank, and the ranks it exchanges with.
struct RankRates {
  double launch_ms = 0;
  double streamed_ms = 0;  ///< per byte
  double random_ms = 0;
  double others_on_node = 0;  ///< ranks
  double others_elsewhere = 0;
  double counterparts = 0;  ///< ranks elsewhere whose samples' sums this rank gathers
  /// Of all ranks on nodes of as many ranks, which bounds take for alike: their last one's, and
  /// their first one's.
  double fewest_counterparts = 0;
  double most_counterparts = 0;
};

/// Of each rank, by its device's figures and speed (device.hpp).
std::vector<RankRates> rank_rates(const Topology& topology);

}  // namespace shardwright
