#pragma once

#include "costmodel/fitted_cost_model.hpp"
#include "costmodel/table.hpp"
#include "costmodel/timings/compute_timings.hpp"
#include "costmodel/topology.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// One sentence on what of the workload and the ranks lies outside of what the models were fitted
/// to, where their prices are guesses; empty if nothing does. Tables are looked at whole.
std::string outside_training(const FittedParts& parts, const Workload& workload,
                             const Topology& topology);

/// Each kind of thing of the timing that lies outside of what the model was trained on, with that
/// ("rows of tables (100 to 1e+07)"); empty if nothing does.
std::vector<std::string> outside_training(const ComputeModel& model, const ComputeTiming& timing);

}  // namespace shardwright
