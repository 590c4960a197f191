#pragma once

#include "costmodel/table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright {

/// One of the quantities that make up the optimizer state of a row, in their order there.
struct StatePart {
  std::string name;         ///< square_sum, m, v, z, n or momentum
  bool per_column = false;  ///< a value per column of the shard; else one per row
  bool operator==(const StatePart&) const = default;
};

/// What the state of one row consists of (runtime/embedding/optimizer.hpp); `momentum` is sgd's.
std::vector<StatePart> state_parts(OptimizerKind optimizer, float momentum = 0);

/// Values of state per row of a shard with this many columns.
std::int64_t state_width(const std::vector<StatePart>& parts, std::int64_t columns);

}  // namespace shardwright
