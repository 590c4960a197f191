#pragma once

#include "runtime/checkpoint/checkpoint_interval.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/metrics/job_metrics.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/resume_point.hpp"
#include "runtime/trainer/stopwatch.hpp"
#include "runtime/trainer/train_config.hpp"
#include "runtime/trainer/train_summary.hpp"
#include "runtime/trainer/training_inputs.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// The checkpoints of one training job in OUTPUT/checkpoints: which one it goes on from, when one
/// is due, and which old ones go. A checkpoint stands for the moment after a step, before the
/// evaluation that may follow. Borrows all it is made of.
class JobCheckpoints {
 public:
  JobCheckpoints(Communicator& comm, const TrainConfig& config, const TrainingInputs& inputs,
                 const MadeBy& made_by, JobMetrics& metrics, Say say);

  /// Throws InputError if checkpoints are wanted and there is no output for them, and
  /// EnvironmentError if their folder cannot be made; removes what a killed job has left. Rank 0
  /// alone, holding the output's lock.
  void claim();

  /// Loads the checkpoint that config.resume means, if there is one, into model and summary.
  /// Returns how much of metrics.jsonl belongs to it, or nothing. Throws CollectiveError. Blocks.
  std::optional<std::int64_t> resume(RankModel& model, TrainSummary& summary);

  bool enabled() const { return !interval_.never(); }
  /// Whether rank 0 wants one after `steps` steps, of which the job has `all_steps`; `asked`: by a
  /// signal.
  bool is_due(std::int64_t steps, std::int64_t all_steps, bool asked) const;

  /// Writes one for the steps taken so far, then removes older ones. If the disk is full, says so
  /// and returns, the older ones being as before: a training is worth more than one of its
  /// checkpoints. Throws CollectiveError. Every rank calls it. Blocks.
  void try_to_write(RankModel& model, const TrainSummary& summary);
  /// After an interrupt: writes one unless it is there, and says what has become of the steps.
  /// Every rank calls it. Blocks.
  std::string write_before_end(RankModel& model, const TrainSummary& summary);

 private:
  std::string write(RankModel& model, const TrainSummary& summary);
  void save(const std::string& target, RankModel& model, const TrainSummary& summary,
            std::int64_t metrics_bytes);
  std::string folder() const { return config_.output + "/checkpoints"; }
  bool is_ours(const ResumePoint& point) const;
  void remove_old_ones() const;
  void keep_ours(const ResumePoint& point);

  Communicator& comm_;
  const TrainConfig& config_;
  const TrainingInputs& inputs_;
  const MadeBy& made_by_;
  JobMetrics& metrics_;
  Say say_;
  CheckpointInterval interval_;
  Stopwatch since_last_;
  std::optional<std::int64_t> last_step_;  ///< that was loaded or written
  std::vector<std::int64_t> ours_;         ///< steps in our folder on the way to here, ascending
};

}  // namespace shardwright
