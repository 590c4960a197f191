#pragma once

#include "runtime/embedding/optimizer.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstdint>

namespace shardwright {

/// Bytes that a rank's kernels must move for one batch (docs/definitions.md, "Bytes"), over all
/// its shards.
struct EmbeddingTraffic {
  std::int64_t lookup_bytes = 0;
  std::int64_t update_bytes = 0;
  std::int64_t ids = 0;          ///< of all blocks of rows
  std::int64_t unique_rows = 0;  ///< distinct ones among them
};

/// Counts what the rank `self` was sent. Takes a bit of memory per row.
EmbeddingTraffic embedding_traffic(const ExchangeLayout& layout, const Workload& workload,
                                   const OptimizerSettings& settings, RankId self,
                                   const InputExchange& input);

}  // namespace shardwright
