#pragma once

#include "planner/plan.hpp"

#include <vector>

namespace shardwright {

/// All ranks, the least busy first.
std::vector<RankId> ranks_by_load(const std::vector<PhaseTimes>& times);

/// Other ways to place `table`, legal or not (constraints and memory are for the caller to judge):
/// whole on each of `ranks`, in two and four column ranges over the first of them, one of its
/// shards moved there, by rows over all ranks, by rows or columns over each of a few nodes, in a
/// grid over two nodes, on every rank. `ranks` come in order of preference; the current placement
/// is not among them. Only `types` occur, and not data_parallel where the table is exchanged as
/// distinct rows.
std::vector<std::vector<Shard>> candidates_for(const Plan& plan, TableId table,
                                               const std::vector<RankId>& ranks,
                                               const std::vector<ShardingType>& types);

/// Column ranges of at most `parts` almost equal widths, multiples of 4, one on each of `ranks` in
/// turn.
std::vector<Shard> column_shards(const Table& table, TableId id, ShardingType type,
                                 std::int64_t parts, const std::vector<RankId>& ranks);
/// Row ranges of ⌈rows / ranks⌉ each, in the order of `ranks`; ranks that would get none are left
/// out.
std::vector<Shard> row_shards(const Table& table, TableId id, ShardingType type,
                              const std::vector<RankId>& ranks);

}  // namespace shardwright
