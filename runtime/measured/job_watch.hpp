#pragma once

#include "runtime/measured/phase_trace.hpp"
#include "runtime/measured/plan_check.hpp"
#include "runtime/measured/plan_checker.hpp"
#include "runtime/measured/timing_recorder.hpp"
#include "runtime/measured/watch_options.hpp"
#include "runtime/metrics/phase_report.hpp"
#include "runtime/trainer/stopwatch.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// What rank 0 of a job keeps beside the training: its trace, its timings, its comparison with the
/// plan. None of them ends a job once it has begun: what cannot be written is said, and left.
class JobWatch {
 public:
  struct Job {
    WatchOptions options;
    Plan plan;  ///< with the job's batch size and optimizers; without predictions for another job
    std::string plan_id;
    std::string hardware;            ///< that the ranks compute on
    std::vector<std::string> hosts;  ///< one per rank
    std::string command;             ///< goes into a new file of timings
    std::function<void(const std::string&)> say;
    std::function<void(const nlohmann::json&)> add_event;  ///< of metrics.jsonl
  };
  /// Opens the file of timings. Throws InputError, EnvironmentError if it cannot be.
  explicit JobWatch(Job job);
  /// Writes the trace of a job that fails before its end.
  ~JobWatch();
  JobWatch(const JobWatch&) = delete;
  JobWatch& operator=(const JobWatch&) = delete;

  /// After each step of all ranks, of which this is number `step` over epochs; `phases` is of it.
  void add(std::int64_t step, std::span<const StepReport> ranks, const PhaseReport& phases);
  /// After the last step: writes what is left, and compares `all` steps with the plan; nothing
  /// without a step.
  std::optional<PlanCheck> finish(const PhaseReport& all);

 private:
  void record(std::span<const StepReport> ranks);
  void compare(std::int64_t steps_done);
  void tell(const PlanCheck& check, std::int64_t steps_done);
  void write_trace();
  template <class Work>
  void try_to(Work work);

  Job job_;
  Stopwatch axis_;
  std::optional<PhaseTrace> trace_;  ///< until it is written
  std::optional<TimingRecorder> timings_;
  PlanChecker checker_;
  PhaseReport since_comparison_;
};

/// How many ranks of `hosts` are on the host of each.
std::vector<std::int64_t> ranks_on_host(const std::vector<std::string>& hosts);

}  // namespace shardwright
