#pragma once

#include "planner/spec/read_workload.hpp"

#include <CLI/CLI.hpp>

namespace shardwright {

/// TABLES, and the options that stand for it or go with it.
void add_table_source(CLI::App& command, SpecSource& source);

}  // namespace shardwright
