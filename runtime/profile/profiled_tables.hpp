#pragma once

#include "costmodel/ids.hpp"
#include "planner/plan.hpp"
#include "runtime/data/batch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shardwright {

/// Columns of the tables whose values are exchanged where exchanges are timed.
inline constexpr std::array<std::int64_t, 5> kProfiledDims = {16, 16, 32, 64, 128};
/// Of each such table; none is allocated.
inline constexpr std::int64_t kProfiledRows = std::int64_t{1} << 30;

/// Adds a table of one feature; each of `owners` has an equal part of its rows.
void add_profiled_table(Plan& plan, std::int64_t dim, std::span<const RankId> owners);

/// How many whole samples come nearest to `bytes`, at least one.
std::int64_t samples_of(std::int64_t bytes, std::int64_t bytes_of_sample);

/// One rank's samples, as if it had all, of so many features; their random ids are spread over the
/// features as evenly as it goes.
Batch profiled_batch(std::int64_t samples, std::int64_t ids_of_sample, std::size_t features);

}  // namespace shardwright
