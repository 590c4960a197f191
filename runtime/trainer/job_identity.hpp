#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/trainer/train_config.hpp"
#include "runtime/trainer/training_inputs.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace shardwright {

/// What decides what a job computes and when its ranks meet: the settings, the plan's id, sizes,
/// seed and sources of both parts of the data. Leaves out where files lie, threads and progress,
/// in which ranks may differ. Reads the data's meta.json; throws InputError.
nlohmann::json job_identity(const TrainConfig& config, const TrainingInputs& inputs);

/// A hash of the identity, 16 hexadecimal digits.
std::string job_id(const nlohmann::json& identity);

/// Throws CollectiveError (bad input) on every rank, naming two ranks and the first setting in
/// which they differ, unless `mine` is the same on all of them. Blocks.
void require_same_job(Communicator& comm, const nlohmann::json& mine);

}  // namespace shardwright
