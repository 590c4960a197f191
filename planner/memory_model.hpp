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
  Bytes ids;          ///< ids, their weights and the bags' lengths, of one batch in flight
  Bytes buffers;      ///< what is packed for other ranks or came from them
  Bytes activations;  ///< pooled vectors and their gradients; torchrec: all of its input and output
  Bytes grouping;     ///< the batch's ids sorted by row, for the update
  Bytes reserve;      ///< what the heap holds free as buffers grow
  Bytes total() const;
  RankMemory& operator+=(const RankMemory& other);
  bool operator==(const RankMemory&) const = default;
};

/// Memory is additive: a rank needs batch_memory(), whatever it holds, plus shard_memory() of every
/// shard on it. With B samples per step over W ranks, b = ⌈B / W⌉, and for table t: L ids per
/// sample, F features, D columns, e = 8 bytes per id, 12 if weighted, and out(n) output rows of n
/// samples: F·n pooled, L·n for mode none.
///
/// full: what the runtime allocates. A rank's share of the batch, for every table
///     ids          Σ_t e·L·b + 4·F·b                      (as it was read)
///     buffers      the same, packed for the owners, and Σ_t 4·D·out(b) of vectors from them
///     activations  Σ_t 2 · 4·D·out(b)                     (vectors and gradients, fp32)
///   and for a shard of r of R rows and d columns, which serves the samples of all ranks,
///     weights      bytes per element · r·d
///     optimizer    optimizer_bytes(): row-wise state is per row of each shard
///     ids          e·L·r/R·n + 4·F·n
///     activations  4·d·out(B − b), of mode none scaled by r/R: the rest is in the batch's buffers
///     grouping     48·L·r/R·B + 8·min(r, L·r/R·B)
///   with n = B − b for a whole table, whose ids come once, and n = B for a part of one. A part of
///   the rows also needs buffers of e·L·b, as bags are cut, and 4·d·out(B − b), as every rank sends
///   and receives partial sums, or, of mode none, 4·L·b, as each id's vector comes from one owner
///   and is put into its place; a part of the columns of a table with a row-wise optimizer buffers
///   of 32·min(r, L·B), as owners exchange statistics of the rows touched, and 4·d·min(r, L·B/16),
///   as those with 16 ids or more keep their gradients. On N > 2 nodes with parts of a row_wise
///   table (N − 2)·4·d·out(b) more: sums that relays exchange. data_parallel serves only its rank's
///   share, already counted, and needs weights, optimizer, 4·R·D activations (the gradient that is
///   all-reduced), grouping of its own samples, and buffers of min(4·R·D, 4 MiB) where the batch's
///   vectors from owners, which it has not, are fewer. Other shards also need a reserve of an
///   eighth of their ids, buffers and grouping. Not the dense part, LibTorch and MPI
///   (`reserved_bytes`). docs/plan_format.md: measured peaks.
/// overlap: the same for training with `overlap`, which has the next batch and exchanges its ids
///   meanwhile. A rank's share of the batch needs its ids twice, as read and as packed, and a shard
///   (not data_parallel) twice its ids and, of a part of the rows, another e·L·b of buffers.
/// weights: the shards' weights alone, as NeuroShard counts.
/// torchrec: TorchRec's storage estimate of each shard (costmodel/torchrec/storage.hpp), where all
///   that is not weights counts as activations.
RankMemory batch_memory(MemoryModel model, const Workload& workload, const Topology& topology);
RankMemory shard_memory(MemoryModel model, const Workload& workload, const Topology& topology,
                        const Shard& shard);

/// Sets the reserve of a shard that is not data_parallel to what its other parts ask for.
void set_reserve(RankMemory& memory);

/// Memory of every rank of `topology`. A shard's rank must exist and its ranges lie in its table.
std::vector<RankMemory> memory_of_ranks(MemoryModel model, const Workload& workload,
                                        const Topology& topology, std::span<const Shard> shards);

std::string_view to_string(MemoryModel model);
/// "full", "overlap", "weights" or "torchrec"; throws UsageError listing them.
MemoryModel parse_memory_model(std::string_view text);

}  // namespace shardwright
