#pragma once

#include "costmodel/reuse.hpp"
#include "costmodel/shard_load.hpp"
#include "costmodel/table.hpp"

#include <cstdint>

namespace shardwright {

/// Where owners share row statistics, a batch's gradients are gone through twice: first to square
/// each row's sum, then to apply it. The sum of a row with so many ids or more is kept in between
/// (runtime/embedding/shard_update.hpp), of others it is made again.
inline constexpr std::int64_t kKeptIds = 16;

/// What rows whose sums are kept are of a batch's distinct rows, and their ids of its ids.
struct KeptShare {
  double rows = 0;
  double ids = 0;
};

/// By a histogram of the batch's reuse. Nothing for an empty one.
KeptShare kept_share(const ReuseHistogram& reuse);
/// Expected of `lookups` ids drawn by the Zipf law as in zipf_reuse(), but exact within its bins.
KeptShare zipf_kept_share(std::int64_t rows, double lookups, double skew = 1.05);
/// By the table's histogram if it has one, else by the Zipf law. Takes some 10 µs.
KeptShare expected_kept_share(const Table& table, std::int64_t batch_size);

/// How many sums of gradients a shard adds up or takes up again in both passes, in the width of its
/// columns: all ids' in the first, in the second those of rows that are not kept, and kept sums.
double sums_of_both_passes(const ShardLoad& load, const KeptShare& kept);

/// What the two passes move beyond backward_bytes(): the second time over the ids of rows that are
/// not kept and their gradients, and kept sums, written and read.
MovedBytes second_pass_bytes(const Table& table, const Shard& shard, const ShardLoad& load,
                             const KeptShare& kept);

}  // namespace shardwright
