#pragma once

#include "costmodel/compute/compute_model.hpp"
#include "costmodel/timings/compute_timings.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace shardwright {

/// A timing with what each of its tables asks of the operator.
struct ComputeExample {
  explicit ComputeExample(ComputeTiming measured);
  ComputeExample(const ComputeExample&) = delete;
  ComputeExample& operator=(const ComputeExample&) = delete;

  ComputeTiming timing;
  Workload workload;
  std::vector<ShardWork> works;  ///< point into the workload
  WorkTerms terms;               ///< summed over the tables
};
using ComputeExamples = std::vector<std::shared_ptr<const ComputeExample>>;

ComputeExamples make_examples(std::vector<ComputeTiming> timings);

/// Some table sets with all their timings, and the others.
struct ExampleSplit {
  ComputeExamples aside;
  ComputeExamples rest;
};
/// Keeps about `share` of the sets aside, by a hash of (seed, hardware, the set's seed and number).
ExampleSplit split_by_set(const ComputeExamples& examples, double share, std::uint64_t seed);

std::vector<ComputeTimes> predict_times(const ComputeModel& model, const ComputeExamples& examples);

/// Cost models whose constants can be fitted to timings, for comparison: "analytic" (a constant,
/// streamed bytes, random bytes), "torchrec" (a constant, its formula), "roofline" (WorkTerms).
std::span<const std::string_view> rival_names();
/// An example's terms of that model, to be weighted by its constants.
struct RivalTerms {
  std::vector<double> forward;
  std::vector<double> backward;
};
/// How many terms, and so constants, a rival has.
struct RivalSizes {
  std::size_t forward = 0;
  std::size_t backward = 0;
};
RivalSizes rival_sizes(std::string_view name);
/// `model` is that beside which they stand; of rivals only the roofline knows machines' speeds.
RivalTerms rival_terms(std::string_view name, const ComputeExample& example,
                       const ComputeModel& model);
std::vector<ComputeTimes> predict_rival(std::string_view name, const ComputeModel& model,
                                        const ComputeExamples& examples);

}  // namespace shardwright
