#pragma once

#include "costmodel/train/hold_out.hpp"
#include "launch/fit_request.hpp"
#include "launch/timing_files.hpp"

namespace shardwright {

/// What `fit` was asked to do with timings of collectives.
struct CommFitRequest : FitRequest {
  bool single = false;  ///< keep what prices the timings' one machine only
  CommArchitecture architecture = CommArchitecture::curves;
  FitOptions options;
};

/// Fits and writes a model, or prints the errors on timings kept aside.
void fit_comm_timings(const LoadedTimings& timings, const CommFitRequest& request);

}  // namespace shardwright
