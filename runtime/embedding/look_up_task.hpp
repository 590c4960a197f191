#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/weight_rows.hpp"
#include "runtime/embedding/workers.hpp"
#include "runtime/exchange/input_source.hpp"

#include <cstdint>
#include <span>

namespace shardwright {

/// The bags that one thread pools (pool_bags()); borrows them and the rows.
struct LookUpTask {
  BagsView bags;
  PoolingMode mode = PoolingMode::sum;
  WeightRows rows;
  float* out = nullptr;
  std::int64_t stride = 0;  ///< from one bag's values to the next one's
};

/// Does them on the workers' threads; no two may write the same. Blocks.
void run_look_ups(Workers& workers, std::span<const LookUpTask> tasks);

}  // namespace shardwright
