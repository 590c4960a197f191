#pragma once

#include "planner/plan.hpp"

#include <string>
#include <vector>

namespace shardwright {

/// A plan in another program's form, and what that form cannot hold, one sentence each.
struct Exported {
  std::string text;
  std::vector<std::string> losses;
};

/// TorchRec's ShardingPlan as its _serialize() writes it, for planner/exchange/torchrec_plan.py:
/// {"plan": {module: {table: {"sharding_type","compute_kernel","ranks","shards":[{"shard_offsets",
/// "shard_sizes","placement"}]}}}}. `module` is the path of the embedding module inside the model,
/// "" if it is the model. Throws InputError that names the tables whose layout TorchRec's runtime
/// does not have.
Exported export_torchrec(const Plan& plan, const std::string& module);

/// Python source of a function that makes the same module plan by construct_module_sharding_plan().
Exported export_torchrec_source(const Plan& plan);

/// {"shard_matrix": [[tables of each GPU]…], "shard_strategy": [["mp",[…]],["dp",[…]]]}, the
/// arguments of HugeCTR's EmbeddingCollectionConfig.shard(). A table on several GPUs is split there
/// by rows: columns ranges are lost.
Exported export_hugectr(const Plan& plan);

/// One line per shard: table,type,row_begin,row_end,col_begin,col_end,rank,bytes (weights).
Exported export_csv(const Plan& plan);

}  // namespace shardwright
