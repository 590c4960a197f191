#pragma once

#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/table.hpp"
#include "costmodel/topology.hpp"

#include <string>

namespace shardwright {

/// One sentence on what of the workload and the ranks lies outside of what the models were fitted
/// to, where their prices are guesses; empty if nothing does. Tables are looked at whole.
std::string outside_training(const FittedParts& parts, const Workload& workload,
                             const Topology& topology);

}  // namespace shardwright
