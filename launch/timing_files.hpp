#pragma once

#include "costmodel/timings/comm_timings.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace shardwright {

/// Files of timings as commands take them, with what importers may need to be told.
struct TimingFiles {
  std::vector<std::string> files;
  std::string operation;
  ImportSettings settings;
  std::string only_hardware;
  std::string only_library;
  std::string only_link;
  bool least_of_repeats = false;  ///< of computation; collectives take all
};

void add_timing_options(CLI::App& command, TimingFiles& files);

struct LoadedTimings {
  CommTimings timings;      ///< rows of all files, in order
  std::string fingerprint;  ///< of the files' bytes
};
/// Tells on stderr which rows were left out. Throws InputError.
LoadedTimings load_timings(const TimingFiles& files);

}  // namespace shardwright
