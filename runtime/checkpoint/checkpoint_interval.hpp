#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shardwright {

/// When a training job writes checkpoints.
struct CheckpointInterval {
  std::optional<std::int64_t> steps;  ///< after so many steps; at least 1
  std::optional<double> seconds;      ///< after the first step that ends so long after the last one
  bool on_signals = false;  ///< before the end that SIGTERM asks for, and when SIGUSR1 asks for one
  /// Neither by steps nor by time nor on signals: no checkpoint is ever written.
  bool never() const { return !on_signals; }
  /// Also at the end of the training.
  bool regularly() const { return steps || seconds; }
};

/// never | signal | "1000 steps" | a duration as 90s, 10min or 2h; the last two also mean on
/// signals. Throws InputError.
CheckpointInterval parse_checkpoint_interval(std::string_view text);

}  // namespace shardwright
