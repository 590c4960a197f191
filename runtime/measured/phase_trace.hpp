#pragma once

#include "planner/plan.hpp"
#include "runtime/measured/phase_timeline.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardwright {

/// The first steps of a job in the JSON form of Chrome's trace events, for Perfetto and
/// chrome://tracing: a process for each rank, with a row of measured phases and one of predicted
/// ones on the same axis. Rank 0 holds one.
class PhaseTrace {
 public:
  struct Job {
    std::int64_t steps = 20;                ///< that are kept
    std::vector<RankPrediction> predicted;  ///< one per rank; empty: no such rows
    std::vector<std::string> hosts;         ///< one per rank
    std::string plan_id;
  };
  explicit PhaseTrace(Job job);

  bool full() const { return kept_ >= job_.steps; }
  /// Keeps a step of all ranks that ended on rank 0 at `end_ms` of the axis, unless full().
  void add(std::int64_t step, std::span<const StepReport> ranks, double end_ms);

  /// {"traceEvents": […], …}; times in microseconds.
  std::string json() const;

 private:
  void add_span(const PhaseSpan& span, bool predicted, double from_ms, std::int64_t step);
  void add_rank(std::size_t rank);

  Job job_;
  std::vector<PhaseSpan> predicted_;
  MeasuredTimeline measured_;
  std::int64_t kept_ = 0;
  std::string events_;  ///< with commas between
};

}  // namespace shardwright
