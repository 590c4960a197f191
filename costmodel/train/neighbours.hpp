#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <span>

namespace shardwright {

/// Gives `model` curves for the settings of `timings` that it lacks: each known machine is
/// stretched to the timings (stretch.hpp), and the machines, each by its most probable release, are
/// mixed by how probable stretch and timings are. A library that was not measured on the new
/// machine gets the curves of the one that was. What a few timings of a new machine cannot say is
/// so taken from the machines most like it. What a stretch does not know (waits, uneven sizes,
/// nodes) is mixed as it is.
void add_neighbours(CommModel& model, std::span<const CommTiming> timings);

}  // namespace shardwright
