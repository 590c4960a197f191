#pragma once

#include "costmodel/train/hold_out.hpp"
#include "launch/timing_files.hpp"

#include <string>

namespace shardwright {

/// What `fit` was asked to do with timings of collectives.
struct CommFitRequest {
  std::string output;
  std::string name;
  std::string from;      ///< model to adapt; empty: none
  std::string hold_out;  ///< "sizes", "hardware", "ranks" or empty
  std::string report;    ///< page to write; empty: none
  bool single = false;   ///< keep what prices the timings' one machine only
  bool json = false;
  CommArchitecture architecture = CommArchitecture::curves;
  FitOptions options;
};

/// Fits and writes a model, or prints the errors on timings kept aside.
void fit_comm_timings(const LoadedTimings& timings, const CommFitRequest& request);

}  // namespace shardwright
