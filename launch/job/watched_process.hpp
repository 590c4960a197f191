#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace shardwright {

/// How a program ended.
struct ProcessEnd {
  int code = 0;                ///< 128 + signal if one killed it
  bool asked_to_stop = false;  ///< this process was sent SIGINT or SIGTERM meanwhile
  bool out_of_time = false;    ///< it was asked to end because its time was up
  bool killed = false;         ///< it should have ended of itself, and did not
};

/// What is asked of a program's end.
struct WatchRules {
  /// After so long the program is asked to end, if `is_due` agrees; else after as long once more.
  std::optional<double> most_seconds;
  std::function<bool()> is_due = [] { return true; };
  /// Gets each line that the program writes on standard error. After one for which it returns true
  /// the program must end of itself within `seconds_to_end`.
  std::function<bool(const std::string&)> hear = [](const std::string&) { return false; };
  double seconds_to_end = 10;
};

/// Runs a program (found on PATH) to its end. Every line that it writes on standard error goes on
/// to ours too. When its time is up, or when this process gets SIGINT or SIGTERM, it is
/// sent SIGUSR2, with which mpirun and `train` end in peace; a second SIGINT or SIGTERM goes on to
/// it as it is, as does SIGUSR1. If it should have ended of itself, and has not, it is killed with
/// the processes that it started. Throws EnvironmentError if it cannot be started. One at a time.
/// Blocks.
ProcessEnd run_watched(const std::vector<std::string>& words, const WatchRules& rules);

/// Becomes the program. Throws EnvironmentError if it cannot be started.
[[noreturn]] void become(const std::vector<std::string>& words);

}  // namespace shardwright
