#pragma once

#include "costmodel/rank_pricer.hpp"

#include <memory>

namespace shardwright {

/// The analytic model, rank by rank: a state holds the bytes that AnalyticCostModel counts. Borrows
/// both arguments.
std::unique_ptr<RankPricer> make_analytic_pricer(const Workload& workload,
                                                 const Topology& topology);

}  // namespace shardwright
