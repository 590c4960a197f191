#pragma once

#include "planner/plan.hpp"
#include "runtime/checkpoint/saved_index.hpp"
#include "runtime/comm/communicator.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"
#include "runtime/model/dense_model.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string>
#include <vector>

namespace shardwright {

/// What save_model() writes. Borrows; only `shards` differs between ranks.
struct ModelToSave {
  const Plan& plan;
  const std::string& plan_id;
  const std::string& job_id;  ///< of the training, as in its metrics.jsonl
  std::span<const ShardedEmbeddings::LocalShard> shards;  ///< this rank's
  const std::vector<DenseModel::Parameter>& dense;
  const nlohmann::json& config;  ///< the train config, copied into the index
  const MadeBy& made_by;
  float momentum = 0;  ///< of tables trained with sgd
  SavedKind kind = SavedKind::model;
  nlohmann::json identity = {};  ///< of a checkpoint, as in its index
  nlohmann::json progress = {};  ///< of a checkpoint; rank 0's is written
};

/// Writes FOLDER/rank-00000.safetensors … (each rank its shards, straight from their memory, as
/// `<table>/rows_<a>_<b>/cols_<c>_<d>/weights` and `…/state`), FOLDER/dense.safetensors and
/// FOLDER/index.json (docs/checkpoints.md). Everything is written to FOLDER.partial, brought to
/// disk, and renamed once every rank has succeeded: FOLDER holds the old model or the new one.
/// Throws CollectiveError on every rank if any of them fails; the partial folder is then gone and
/// an old FOLDER is as it was. Only models are replaced: with anything else in FOLDER or the
/// partial, nothing is touched (ExitCode::usage, model_folder.hpp). Blocks.
void save_model(Communicator& comm, const std::string& folder, const ModelToSave& model);

/// `<table>/rows_<a>_<b>/cols_<c>_<d>`.
std::string shard_name(const Plan& plan, const Shard& shard);
/// Where save_model() puts a shard: a data_parallel one with rank 0.
SavedShard saved_shard(const Plan& plan, const Shard& shard);

}  // namespace shardwright
