#pragma once

#include "costmodel/rank_pricer.hpp"

#include <memory>

namespace shardwright::torchrec {

/// TorchRec's model, rank by rank: a state holds the four times that Perf adds up. Borrows both
/// arguments.
std::unique_ptr<RankPricer> make_pricer(const Workload& workload, const Topology& topology);

}  // namespace shardwright::torchrec
