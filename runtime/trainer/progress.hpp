#pragma once

#include "runtime/trainer/stopwatch.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace shardwright {

/// Where progress goes, and how often.
struct ProgressOptions {
  std::function<void(const std::string&)> write;  ///< whole text with line ends; empty: nowhere
  bool rewrite_line = false;                      ///< a terminal: one line that is written anew
  double seconds_between = 5;                     ///< at least, unless steps_between is given
  std::int64_t steps_between = 0;
};

/// One training step as the progress line needs it.
struct ProgressStep {
  std::int64_t epoch = 0;  ///< from 0
  std::int64_t step = 0;   ///< over epochs, from 0
  std::int64_t samples = 0;
  double loss = 0;
  double seconds = 0;
};

/// Rank 0's line: steps done, samples/s, mean loss since the last line, time left.
class Progress {
 public:
  Progress(ProgressOptions options, std::int64_t epochs, std::int64_t steps);

  /// So many steps had been taken before this job; it tells only its own.
  void start_after(std::int64_t steps) { first_ = steps; }
  void add(const ProgressStep& step);
  /// A sentence of its own line.
  void say(const std::string& sentence);

 private:
  bool is_due(std::int64_t step) const;
  std::string line(const ProgressStep& step) const;
  void end_line();

  ProgressOptions options_;
  std::int64_t epochs_;
  std::int64_t steps_;
  std::int64_t first_ = 0;
  std::int64_t samples_ = 0;
  double seconds_ = 0;
  double loss_sum_ = 0;  ///< since the last line
  std::int64_t losses_ = 0;
  Stopwatch since_line_;
  bool line_open_ = false;
};

/// "42 s", "3 min 20 s", "5 h 07 min".
std::string format_duration(double seconds);

}  // namespace shardwright
