#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <span>

namespace shardwright {

/// `base` with curves for the settings of `rows` that it lacks: mixtures of the curves of known
/// settings, weighted by how well each predicts the rows (softmax of −mean squared ln error). What
/// a few timings of a new machine cannot say is taken from the machines most like it.
CommModel with_neighbours(const CommModel& base, std::span<const CommTiming> rows);

}  // namespace shardwright
