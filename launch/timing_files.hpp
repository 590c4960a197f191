#pragma once

#include "costmodel/timings/comm_timings.hpp"
#include "planner/input_file.hpp"

#include <CLI/CLI.hpp>

#include <optional>
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
  bool least_of_repeats = false;                 ///< of computation; collectives take all
  std::optional<InputFile> standard_input = {};  ///< once it has been read
};

/// One of files.files. Reads standard input once and keeps it. Throws InputError.
InputFile read_timing_file(TimingFiles& files, const std::string& file);

void add_timing_options(CLI::App& command, TimingFiles& files);

struct LoadedTimings {
  CommTimings timings;      ///< rows of all files, in order
  std::string fingerprint;  ///< of the files' bytes
};
/// Tells on stderr which rows were left out. Throws InputError.
LoadedTimings load_timings(TimingFiles& files);

}  // namespace shardwright
