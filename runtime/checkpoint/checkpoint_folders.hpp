#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

// A job's checkpoints stand in OUTPUT/checkpoints, one folder for each step at which one was taken.

/// FOLDER/step-000000000120: how many steps had been taken.
std::string checkpoint_folder(const std::string& folder, std::int64_t step);

/// The steps of the checkpoints in `folder`, ascending; none if there is no such folder. Says
/// nothing of what the checkpoints hold. Throws EnvironmentError.
std::vector<std::int64_t> checkpoint_steps(const std::string& folder);

/// Removes one checkpoint so that no half of it is ever taken for a checkpoint. Anything in it that
/// no checkpoint has stays, and the folder too. Throws EnvironmentError.
void remove_checkpoint(const std::string& folder, std::int64_t step);

/// Removes what a job that was killed has left: checkpoints half written or half removed. Throws
/// EnvironmentError.
void remove_leftovers(const std::string& folder);

}  // namespace shardwright
