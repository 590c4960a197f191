#pragma once

#include "planner/plan.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace shardwright {

/// a + b, at most 2^61: absurd inputs are merely too large, and nothing overflows.
Bytes saturated_sum(Bytes a, Bytes b);

/// What a rank needs, by part. Sums saturate.
struct RankMemory {
  Bytes weights;
  Bytes optimizer;    ///< optimizer state
  Bytes ids;          ///< ids, their weights and the bags' offsets, of one batch in flight
  Bytes activations;  ///< pooled vectors and their gradients; torchrec: all of its input and output
  Bytes total() const;
  RankMemory& operator+=(const RankMemory& other);
  bool operator==(const RankMemory&) const = default;
};

/// Memory is additive: a rank needs batch_memory(), whatever it holds, plus shard_memory() of every
/// shard on it. With B samples per step over W ranks, b = ⌈B / W⌉, and for table t: L ids per
/// sample, F features, D columns, e = 8 bytes per id, 12 if weighted, and out(n) output rows of n
/// samples: F·n pooled, L·n for mode none.
///
/// full: a rank's share of the batch before and after the exchanges, for every table
///     ids          Σ_t e·L·b + 8·F·b
///     activations  Σ_t 2 · 4·D·out(b)                     (vectors and gradients, fp32)
///   and for a shard of r of R rows and d columns, which serves the samples of all ranks,
///     weights      bytes per element · r·d
///     optimizer    optimizer_bytes(): row-wise state is per row of each shard
///     ids          e·L·B·r/R + 8·F·B
///     activations  2 · 4·d·out(B), out of mode none scaled by r/R
///   data_parallel serves only its rank's share, already counted, and needs weights, optimizer and
///   4·R·D activations: the gradient that is all-reduced.
/// weights: the shards' weights alone, as NeuroShard counts.
/// torchrec: TorchRec's storage estimate of each shard (costmodel/torchrec/storage.hpp), where all
///   that is not weights counts as activations.
RankMemory batch_memory(MemoryModel model, const Workload& workload, const Topology& topology);
RankMemory shard_memory(MemoryModel model, const Workload& workload, const Topology& topology,
                        const Shard& shard);

/// Memory of every rank of `topology`. A shard's rank must exist and its ranges lie in its table.
std::vector<RankMemory> memory_of_ranks(MemoryModel model, const Workload& workload,
                                        const Topology& topology, std::span<const Shard> shards);

std::string_view to_string(MemoryModel model);
/// "full", "weights" or "torchrec"; throws UsageError listing them.
MemoryModel parse_memory_model(std::string_view text);

}  // namespace shardwright
