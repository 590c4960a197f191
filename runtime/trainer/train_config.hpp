#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// A training job. Every key of the JSON file is a field here and a flag of `shardwright train`.
struct TrainConfig {
  std::string data;  ///< folder with tables.json, train, test
  std::string
      plan;  ///< plan file; empty: table-wise round robin over the ranks is planned on the spot
  std::string output;  ///< folder for metrics.jsonl and model/
  std::string model = "dlrm";
  std::int64_t embedding_dim = 16;
  std::vector<std::int64_t> bottom_mlp;
  std::vector<std::int64_t> top_mlp;
  std::int64_t batch_size = 0;  ///< global; 0: the plan's
  std::int64_t epochs = 1;
  std::optional<std::int64_t> max_steps;
  std::optional<OptimizerKind>
      optimizer;  ///< unset: each table's own, and adagrad for the dense part
  double learning_rate = 0.01;
  std::int64_t warmup_steps = 0;  ///< linear from 0
  std::uint64_t seed = 1;
  BadIdPolicy on_bad_id = BadIdPolicy::error;
  std::int64_t threads = 1;  ///< LibTorch threads per rank
  std::int64_t progress_every = 0;
};

/// Reads a config file ("schema": "shardwright.train/1"); relative paths are taken from the file's
/// folder.
TrainConfig read_train_config(const std::string& file);

}  // namespace shardwright
