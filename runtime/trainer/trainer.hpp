#pragma once

#include "planner/plan.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/trainer/progress.hpp"
#include "runtime/trainer/train_config.hpp"
#include "runtime/trainer/train_summary.hpp"

#include <functional>

namespace shardwright {

/// What the program around a training job gives it.
struct TrainSurroundings {
  std::function<bool()> interrupted;  ///< asked on every rank before each step; may be empty
  /// Asked on every rank after each step, whether a checkpoint is wanted at once; may be empty.
  std::function<bool()> checkpoint_asked;
  ProgressOptions progress;  ///< used on rank 0
  MadeBy made_by;            ///< goes into the saved model
};

/// Trains the model of `config` on the ranks of `comm`, evaluates it on the test part after every
/// epoch, writes OUTPUT/metrics.jsonl, OUTPUT/checkpoints and OUTPUT/model. Goes on from a
/// checkpoint if config.resume says so. Every rank calls it and gets the same summary.
///
/// Throws CollectiveError on every rank for whatever one rank finds wrong, with its exit code: bad
/// input, a full disk, a diverged model, an interrupt, before which a checkpoint is written where
/// the config wants any. Blocks.
TrainSummary train(Communicator& comm, const TrainConfig& config,
                   const TrainSurroundings& surroundings);

}  // namespace shardwright
