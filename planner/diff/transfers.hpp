#pragma once

#include "planner/plan.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Bytes of a table that change hands between two placements of it: weights and optimizer state.
struct Transfer {
  RankId from;
  RankId to;
  Bytes bytes;
};

/// What one table costs to bring from `before` to `after`.
struct TableTransfers {
  std::vector<Transfer> transfers;  ///< between different ranks
  std::vector<Bytes> fresh;         ///< per rank of the later plan: rows and columns that are new
  Bytes moved() const;
};

/// Both are shards of one table, which may have grown; ranks mean the same in both. What a rank
/// holds already stays. Elements that `before` does not have are fresh. Of data_parallel, rank 0
/// sends. Bytes are those of `table`, the later form, for each rectangle that moves: row-wise
/// optimizer state counts once per row of it.
TableTransfers transfers_of(const Table& table, std::span<const Shard> before,
                            std::int64_t ranks_before, std::span<const Shard> after,
                            std::int64_t ranks_after);

}  // namespace shardwright
