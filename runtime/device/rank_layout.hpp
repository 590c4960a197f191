#pragma once

#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_shard.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// A rank's blocks as the device sees them, still on the host.
struct RankLayout {
  std::vector<DeviceBlock> blocks;
  std::vector<DevicePiece> pieces;
  std::vector<DeviceFeature> features;
  std::vector<LookupSlot> slots;
  std::vector<std::int64_t> row_bases;
  std::int64_t total_rows = 0;
  std::int64_t most_columns = 0;  ///< of a block
  std::int64_t widest = 0;        ///< columns of a piece
  int states = 0;
  bool weighted = false;
  bool has_coefficients = false;  ///< ids count with other factors than 1
};

/// Throws InputError for 2^32 rows and more. Which blocks share squares is left to the caller.
RankLayout make_rank_layout(const OwnerLayout& owner, const Workload& workload,
                            const OptimizerSettings& settings,
                            const std::vector<DeviceShard>& shards);

}  // namespace shardwright
