#pragma once

#include "planner/spec/read_workload.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>

namespace shardwright {

/// TABLES, and the options that stand for it or go with it.
void add_table_source(CLI::App& command, SpecSource& source);

inline constexpr std::int64_t kDefaultSamplesPerRank = 512;

/// Sets the batch size to `given` if that is above 0; where there is none then, to
/// kDefaultSamplesPerRank on each of `ranks`. Whether it had to be assumed.
bool settle_batch_size(std::int64_t given, std::int64_t ranks, Workload& workload);

}  // namespace shardwright
