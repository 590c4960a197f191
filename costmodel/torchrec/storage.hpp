#pragma once

#include "costmodel/bytes.hpp"
#include "costmodel/torchrec/setting.hpp"

namespace shardwright::torchrec {

/// TorchRec's Storage: what one shard occupies in device and in host memory.
struct Storage {
  Bytes hbm;
  Bytes ddr;
};

/// Weights, optimizer state, cache state and the input and output of one batch of a shard of
/// `rows` × `columns` (PipelineType.NONE). Formulas: docs/cost_models.md, "torchrec".
Storage estimate_storage(const Table& table, ShardingType type, std::int64_t rows,
                         std::int64_t columns, const Setting& setting);

/// What a plan's shard takes on each rank that holds it: hbm on GPUs, ddr on cpu ranks.
Bytes shard_bytes(const Workload& workload, const Topology& topology, const Shard& shard);

}  // namespace shardwright::torchrec
