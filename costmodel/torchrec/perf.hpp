#pragma once

#include "costmodel/torchrec/setting.hpp"

namespace shardwright::torchrec {

/// TorchRec's Perf, in ms: one shard alone, as its EmbeddingPerfEstimator prices it.
struct Perf {
  double forward_compute = 0;
  double forward_comms = 0;
  double backward_compute = 0;
  double backward_comms = 0;
  double total() const {
    return forward_compute + forward_comms + backward_compute + backward_comms;
  }
};

/// Price of one shard of `table` that is `columns` wide. The number of its rows does not enter:
/// TorchRec assumes even row splits. Formulas: docs/cost_models.md, "torchrec".
Perf estimate_perf(const Table& table, ShardingType type, std::int64_t columns,
                   const Setting& setting);

}  // namespace shardwright::torchrec
