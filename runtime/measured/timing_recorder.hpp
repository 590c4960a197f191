#pragma once

#include "costmodel/timings/compute_timings.hpp"
#include "planner/plan.hpp"
#include "runtime/measured/predicted_phases.hpp"
#include "runtime/measured/rank_tables.hpp"
#include "runtime/profile/timing_file.hpp"
#include "runtime/trainer/step_report.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// Appends a job's own look-ups and updates to a file of compute timings: a line per rank for every
/// twenty steps, the medians of their times and of the probes before them, of the first thousand
/// steps after three that warm up. Jobs on several plans may append to one file, one after the
/// other. Rank 0 holds one.
class TimingRecorder {
 public:
  static constexpr std::int64_t kWarmUp = 3;                  ///< steps of which nothing is kept
  static constexpr std::int64_t kMostSteps = kWarmUp + 1000;  ///< that are looked at, with those

  struct Job {
    Plan plan;  ///< with the batch size of the job
    std::string plan_id;
    std::string hardware;
    std::vector<std::int64_t> busy_ranks;  ///< per rank: how many compute on its host
    std::string command;
  };
  /// Opens or begins the file. Throws InputError if it is something else, EnvironmentError if it
  /// cannot be written.
  TimingRecorder(const std::string& file, Job job);

  /// Sentences for the user: ranks that are left out.
  const std::vector<std::string>& notes() const { return notes_; }

  /// Of a step of all ranks. Throws EnvironmentError.
  void add(std::span<const StepReport> ranks);
  /// Writes what was begun, if it has steps enough. Throws EnvironmentError.
  void finish();

 private:
  struct Rank {
    std::optional<RankTables> tables;  ///< nothing: left out
    std::vector<double> lookup_ms;
    std::vector<double> update_ms;
    std::vector<MachineProbe> probes;
  };
  void note_left_out(std::size_t rank, const std::string& why);
  void write_window();
  ComputeTiming timing_of(std::size_t rank) const;

  Job job_;
  TimingFile file_;
  std::uint64_t seed_;
  std::int64_t repeat_ = 1;
  std::int64_t steps_ = 0;
  std::int64_t window_ = 0;  ///< steps since the last lines
  std::vector<Rank> ranks_;
  std::vector<std::string> notes_;
};

}  // namespace shardwright
