#pragma once

#include "costmodel/compute/compute_dataset.hpp"
#include "costmodel/timings/error_slices.hpp"
#include "launch/timing_files.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// Whether the first of the files holds timings of computation.
bool are_compute_timings(TimingFiles& files);

struct LoadedComputeTimings {
  ComputeExamples examples;
  std::string fingerprint;
};
/// Reads them all, tells dropped rows on stderr; --only-hardware and --least-of-repeats are
/// honoured. Throws UsageError for what collectives alone can be told, InputError.
LoadedComputeTimings load_compute_timings(TimingFiles& files);

/// A file, or the name of a shipped model; throws UsageError that lists the names.
ComputeModel load_compute_model(const std::string& name_or_file);
bool names_compute_model(const std::string& name_or_file);

/// The model's errors, then those of the rivals whose constants it carries.
std::vector<ErrorSlice> compute_errors(const ComputeModel& model, const ComputeExamples& examples);

}  // namespace shardwright
