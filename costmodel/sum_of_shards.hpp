#pragma once

#include "costmodel/rank_pricer.hpp"

#include <vector>

namespace shardwright {

/// Prices whole plans with a RankPricer: sums up what the shards add to every rank's state and
/// prices each rank. The same bits for any order of `shards`.
std::vector<PhaseTimes> price_sums(const RankPricer& pricer, const Topology& topology,
                                   std::span<const Shard> shards);

}  // namespace shardwright
