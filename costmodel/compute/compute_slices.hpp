#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/timings/error_slices.hpp"

#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Errors of forward and backward together ("all", with the scatter of repeats, by number of
/// tables, batch, busy ranks, optimizer, size of the weights), then of each alone if both are
/// predicted.
std::vector<ErrorSlice> slice_compute_errors(const ComputeExamples& examples,
                                             std::span<const ComputeTimes> predicted);

/// One slice, of another model on the same timings.
ErrorSlice rival_slice(const std::string& name, const ComputeExamples& examples,
                       std::span<const ComputeTimes> predicted);

}  // namespace shardwright
