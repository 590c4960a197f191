#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <span>

namespace shardwright {

/// The model that a fit to `rows` starts from: its knots, effects, pace and what it covers. Without
/// a `base` every operation's curve is the mean of the rows; with one, its curves, and those of the
/// machines most like the rows' where it knows none (neighbours.hpp).
CommModel start_comm_model(std::span<const CommTiming> rows, const CommModel* base);

/// What a base and the rows added to it cover together.
CommTraining joined(const CommTraining& base, CommTraining added);

}  // namespace shardwright
