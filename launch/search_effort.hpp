#pragma once

#include "planner/search/search.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shardwright {

/// The options that say how long and in what a search may look.
struct EffortArguments {
  std::string column_widths = "any";
  std::int64_t work_limit = 0;  ///< 0: not given
  std::string time_limit;       ///< "10s"; empty: none
  unsigned threads = 0;         ///< 0: all cores
};

void add_effort(CLI::App& command, EffortArguments& arguments);

/// Fills in options.column_widths and options.effort; the search shows a line of progress if
/// standard error is a terminal. Throws UsageError.
void apply_effort(const EffortArguments& arguments, SearchOptions& options);

/// Keeps, beside what options.effort.progress does already, each better cost and when it was found,
/// counted from now.
std::shared_ptr<const std::vector<ProgressPoint>> record_progress(SearchOptions& options);

/// From now on the first Ctrl-C ends the search with its best plan, and a second one the process.
/// To be called when the search starts: what comes before it ends at the first.
void end_on_interrupt(SearchOptions& options);

/// What of it changes the plan, as flags.
std::string effort_flags(const EffortArguments& arguments);

/// The sentence on how the search ended and how far from the best there is its plan can be.
std::string describe_end(const SearchResult& result);

}  // namespace shardwright
