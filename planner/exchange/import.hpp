#pragma once

#include "planner/plan.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// What was read, and what of the file found no place, one sentence each.
struct ImportedPlan {
  Plan plan;  ///< workload, topology and shards; neither checked nor rated
  std::vector<std::string> losses;
};
struct ImportedTables {
  Workload workload;  ///< batch_size 0
  std::vector<std::string> losses;
};

/// TorchRec's plan JSON (export_torchrec()). Without `tables`, rows and dims are those that the
/// shards cover, and each table has one id per sample; data_parallel tables, which list no shards,
/// then are an error. With them, names and sizes must agree. `module` chooses where the plan has
/// several. Throws InputError with file and JSON path.
ImportedPlan import_torchrec(const nlohmann::json& document, const std::string& file,
                             const std::optional<std::string>& module,
                             const std::optional<Workload>& tables, const Topology& topology);

/// HugeCTR's shard_matrix and shard_strategy (export_hugectr()): mp tables are table_wise on one
/// rank and row_wise in blocks over several, dp tables data_parallel.
ImportedPlan import_hugectr(const nlohmann::json& document, const std::string& file,
                            const Workload& tables, const Topology& topology);

/// A list of TorchRec's EmbeddingBagConfigs as JSON, or {"tables": that}: [{"name",
/// "num_embeddings","embedding_dim","data_type":"FP32|FP16|BF16","feature_names","pooling":
/// "SUM|MEAN|NONE","pooling_factor"? (mean ids per sample),"is_weighted"?}]; enum members may be
/// written in full ("DataType.FP32").
ImportedTables import_configs(const nlohmann::json& document, const std::string& file);

/// The shapes of a safetensors file (read_safetensors_header(), parsed): a table for every tensor
/// of two dimensions of a table's data types, of all or of those below `module`. Named by the last
/// part of its path without ".weight", or by the path where several end alike. Throws InputError
/// with file and tensor.
ImportedTables import_safetensors(const nlohmann::json& header, const std::string& file,
                                  const std::optional<std::string>& module);

}  // namespace shardwright
