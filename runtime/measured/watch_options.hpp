#pragma once

#include <cstdint>
#include <string>

namespace shardwright {

/// What a training job shows of itself beside its plan. Each is a key of the train config and a
/// flag; docs/train.md describes them.
struct WatchOptions {
  std::string trace;               ///< file of a Chrome trace; empty: none
  std::int64_t trace_steps = 20;   ///< the first so many that this job takes; at least 1
  std::string record_timings;      ///< file of compute timings that grows; empty: none
  std::int64_t compare_every = 0;  ///< steps between comparisons with the plan; 0: at the end alone
};

}  // namespace shardwright
