#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/compute/compute_model.hpp"

namespace shardwright {

/// Number, hardware and ranges of the timings that a model is fitted to; without their fingerprint.
ComputeTraining compute_coverage(const ComputeExamples& examples);

}  // namespace shardwright
