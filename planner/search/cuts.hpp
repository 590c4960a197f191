#pragma once

#include "planner/search/problem.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace shardwright {

/// Column ranges begin and end at multiples of this, so that vector loads stay aligned.
inline constexpr std::int64_t kWidthStep = 4;

/// a / b, rounded up; of what is not negative.
constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// How many parts the columns are cut into at least, as max_width asks for.
std::int64_t fewest_parts(const Table& table, const TableRules& rules);

/// Throws Contradiction if no cut of the columns of `table` meets `rules`.
void check_cuttable(const Table& table, const TableRules& rules);

/// The table in the fewest shards its rules allow, without ranks: whole, or, where max_width asks
/// for it, in parts whose widths differ by at most 4. 128 columns of at most 48: 44, 44, 40.
std::vector<Shard> coarsest_cut(const Problem& problem, TableId table);

/// Two halves whose widths differ by at most 4 (wider first), or nothing if a half would be too
/// narrow, the table may not be cut, or it has `num_shards` = max_shards already.
std::optional<std::pair<Shard, Shard>> halve(const Problem& problem, const Shard& shard,
                                             std::int64_t num_shards);

/// The width that the widest shard of any legal cut has at least: what some rank must hold.
std::int64_t least_widest(const Table& table, const TableRules& rules);

}  // namespace shardwright
