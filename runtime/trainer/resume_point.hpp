#pragma once

#include "runtime/checkpoint/saved_index.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/trainer/rank_model.hpp"
#include "runtime/trainer/training_inputs.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace shardwright {

using Say = std::function<void(const std::string&)>;

/// A checkpoint that has been found sound.
struct ResumePoint {
  std::string folder;
  SavedIndex index;
};

/// The last sound checkpoint in `folder`, which may itself be one, hold some (step-…), or have them
/// in its checkpoints/. The ranks read all files of a candidate between them, each about as many as
/// another. Of a damaged one, `say` (rank 0's) tells file and reason, and the one before it is
/// looked at. Nothing if there is none at all. Throws CollectiveError if all are damaged. Every
/// rank calls it and gets the same checkpoint. Blocks.
std::optional<ResumePoint> find_resume_point(Communicator& comm, const std::string& folder,
                                             const Say& say);

/// Throws InputError, naming the first difference, unless this job can go on from where that one
/// was: the same data, batches, model and optimizers. Plan, number of ranks, and how long to train
/// may differ; of a changed learning rate (with its warm-up and decay), weight decay or
/// clipping, or policy for bad ids, `say` tells. Local.
void require_resumable(const ResumePoint& point, const TrainingInputs& inputs, const Say& say);

/// Replaces this rank's part of the model; reads what it needs, whatever plan the files were
/// written under. Throws InputError. Local.
void load_model(const ResumePoint& point, const TrainingInputs& inputs, RankModel& model);

}  // namespace shardwright
