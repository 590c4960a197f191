#pragma once

#include <CLI/CLI.hpp>

namespace shardwright {

/// `profile comm`.
void add_profile_comm(CLI::App& profile);

}  // namespace shardwright
