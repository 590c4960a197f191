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
};

/// Runs a program (found on PATH) to its end. Every line that it writes on standard error goes on
/// to ours and to `hear`. After `most_seconds`, or when this process gets SIGINT or SIGTERM, it is
/// sent SIGUSR2, with which mpirun and `train` end in peace; a second SIGINT or SIGTERM goes on to
/// it as it is, as does SIGUSR1. Throws EnvironmentError if it cannot be started. One at a time.
/// Blocks.
ProcessEnd run_watched(const std::vector<std::string>& words, std::optional<double> most_seconds,
                       const std::function<void(const std::string&)>& hear);

/// Becomes the program. Throws EnvironmentError if it cannot be started.
[[noreturn]] void become(const std::vector<std::string>& words);

}  // namespace shardwright
