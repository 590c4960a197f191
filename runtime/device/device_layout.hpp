#pragma once

#include "costmodel/table.hpp"
#include "runtime/device/host_device.hpp"

#include <cstdint>

// How a rank's shards and bags lie in device memory: plain values that host and device share.
//
// Bags stand block by block (OwnerLayout::blocks), within a block by global sample, then by the
// table's features: the order in which a row's gradients are added. With S samples, bag
// S · first_feature + n · num_features + k is that of sample n and the block's k-th feature.

namespace shardwright {

/// A batch's bags in device memory: bag b has ids [begins[b], begins[b + 1]).
struct DeviceBags {
  std::int64_t samples = 0;
  std::int64_t num_bags = 0;
  std::int64_t num_ids = 0;
  const std::int64_t* begins = nullptr;
  const std::int64_t* ids = nullptr;  ///< rows of the block
  const float* weights = nullptr;     ///< one per id; null if no table has them
};

/// One block of a table's rows (OwnedBlock).
struct DeviceBlock {
  std::int64_t row_base = 0;  ///< of its rows among those of all blocks
  std::int64_t rows = 0;
  std::int64_t first_row = 0;  ///< of the table's rows
  double per_column = 0;       ///< 1 / the table's dim
  std::int32_t first_piece = 0;
  std::int32_t num_pieces = 0;
  std::int32_t first_feature = 0;
  std::int32_t num_features = 0;
  std::int32_t lanes = 32;  ///< threads that share one row: a power of two
  bool mean = false;
  bool shares_squares = false;  ///< its row statistic comes from several pieces
  OptimizerKind optimizer = OptimizerKind::sgd;

  SHARDWRIGHT_HOST_DEVICE std::int64_t first_bag(std::int64_t samples) const {
    return samples * first_feature;
  }
};

/// One shard's part of a block (OwnedPiece). State: one value per weight in `first` and `second`,
/// one per row in `row_state`, as far as the optimizer has them.
struct DevicePiece {
  void* weights = nullptr;  ///< [rows][width] of the dtype
  float* first = nullptr;   ///< adagrad's sums, momentum, adam's m, ftrl's z
  float* second = nullptr;  ///< adam's v, ftrl's n
  float* row_state = nullptr;
  std::int64_t width = 0;
  std::int64_t column = 0;           ///< in the matrix; the k-th feature's is k · width further
  std::int64_t column_in_block = 0;  ///< of its columns among all pieces'
  std::int64_t column_in_table = 0;
  std::uint64_t rounding_key = 0;  ///< rounding_table_key() of the table
  DataType dtype = DataType::fp32;
};

/// At most kMostColumns columns of one piece and feature: what a thread group looks up per bag.
struct LookupSlot {
  const void* weights = nullptr;  ///< the piece's
  std::int64_t width = 0;
  std::int64_t rows = 0;
  std::int64_t first_column = 0;  ///< of the piece's
  std::int64_t matrix_column = 0;
  std::int32_t columns = 0;
  std::int32_t lanes = 32;
  std::int32_t first_feature = 0;
  std::int32_t num_features = 0;
  std::int32_t feature = 0;  ///< counts the block's
  DataType dtype = DataType::fp32;
  bool mean = false;
};

/// What grouping needs to know of each feature of each block, in the bags' order.
struct DeviceFeature {
  std::int64_t row_base = 0;  ///< of its block
  std::int64_t rows = 0;
  bool mean = false;
};

inline constexpr std::int64_t kWarp = 32;
inline constexpr std::int64_t kColumnsPerPart = 4;  ///< that a thread loads at a time
inline constexpr std::int64_t kParts = 2;           ///< of a row, at most, that a thread holds
inline constexpr std::int64_t kMostColumns = kWarp * kParts * kColumnsPerPart;

/// Threads that share a row of so many columns, up to kMostColumns: few, so that an instruction
/// serves several rows, but neighbours in 64 bytes at least. A power of two.
SHARDWRIGHT_HOST_DEVICE inline std::int32_t lanes_for(std::int64_t columns) {
  constexpr std::int32_t kNeighbours = 4;
  const std::int64_t per_lane =
      columns <= kNeighbours * kColumnsPerPart ? kColumnsPerPart : kParts * kColumnsPerPart;
  std::int32_t lanes = columns <= kNeighbours * kColumnsPerPart ? 1 : kNeighbours;
  while (lanes < kWarp && lanes * per_lane < columns) lanes *= 2;
  return lanes;
}

/// Warps that look up all bags of a slot.
SHARDWRIGHT_HOST_DEVICE inline std::int64_t warps_for(const LookupSlot& slot,
                                                      std::int64_t samples) {
  const std::int64_t bags_per_warp = kWarp / slot.lanes;
  return (samples + bags_per_warp - 1) / bags_per_warp;
}

/// The last of `count` ascending numbers, of which the first is ≤ value, that is ≤ value.
template <class T>
SHARDWRIGHT_HOST_DEVICE inline std::int64_t last_not_above(const T* numbers, std::int64_t count,
                                                           T value) {
  std::int64_t low = 0;
  while (count > 1) {
    const std::int64_t half = count / 2;
    if (numbers[low + half] <= value) low += half;
    count -= half;
  }
  return low;
}

}  // namespace shardwright
