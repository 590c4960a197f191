#pragma once

#include "costmodel/train/fit_compute_model.hpp"
#include "launch/compute_timing_files.hpp"
#include "launch/fit_request.hpp"

namespace shardwright {

/// What `fit` was asked to do with timings of computation.
struct ComputeFitRequest : FitRequest {
  ComputeFitOptions options;
};

/// Fits and writes a model, or prints the errors on table sets kept aside.
void fit_compute_timings(const LoadedComputeTimings& timings, const ComputeFitRequest& request);

}  // namespace shardwright
