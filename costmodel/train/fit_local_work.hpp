#pragma once

#include "costmodel/neural/comm_model.hpp"
#include "costmodel/timings/comm_timings.hpp"

#include <span>

namespace shardwright {

/// Gives `model`, which has knots, the curves of local work and exchanges in place
/// (is_of_samples()), straight from their timings: the geometric mean of all times of a size,
/// linear in bytes between sizes, going on as the model's curves do. Rows of collectives are not
/// looked at, and their curves stay; so does the model's training. Throws InputError for a kind of
/// which all timings on a machine are of one size.
void fit_local_work(CommModel& model, std::span<const CommTiming> rows);

}  // namespace shardwright
