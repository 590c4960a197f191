#pragma once

#include <cstdint>

namespace shardwright {

/// What a training job tells of itself while it runs; docs/metrics.md.
struct MetricsOptions {
  std::int64_t every = 1;  ///< steps from one report to the next; at least 1
};

}  // namespace shardwright
