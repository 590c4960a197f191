#pragma once

#include "costmodel/train/fit_compute_model.hpp"
#include "launch/compute_timing_files.hpp"

#include <string>

namespace shardwright {

/// What `fit` was asked to do with timings of computation.
struct ComputeFitRequest {
  std::string output;
  std::string name;
  std::string from;      ///< model to adapt; empty: none
  std::string hold_out;  ///< "sets" or empty
  std::string report;    ///< page to write; empty: none
  bool json = false;
  ComputeFitOptions options;
};

/// Fits and writes a model, or prints the errors on table sets kept aside.
void fit_compute_timings(const LoadedComputeTimings& timings, const ComputeFitRequest& request);

}  // namespace shardwright
