#pragma once

#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"

#include <cstddef>
#include <cstdint>

namespace shardwright {

/// One id of one bag, packed: the bag in the upper half, in the lower the coefficient of its
/// gradient: the per-sample weight (or 1), over the bag's length for the mean.
using BagAndCoefficient = unsigned long long;

/// The ids of a batch, all blocks', sorted by row; those of a row in the order of bags and of
/// positions in them. Rows count all blocks'. Value: a bag (each counts once) or a
/// BagAndCoefficient. In device memory.
template <class Value>
struct SortedIds {
  const std::uint32_t* rows = nullptr;
  const Value* bags = nullptr;
  std::int64_t num_ids = 0;
  const std::uint32_t* begins = nullptr;    ///< of each different row; then num_ids
  const std::uint32_t* num_rows = nullptr;  ///< different rows
};

/// Sorts the ids of batch after batch. Keeps its buffers.
template <class Value>
class RowSort {
 public:
  explicit RowSort(DeviceStream stream);
  /// `features` in device memory; the rows of all blocks are total_rows. Fewer than 2^32 rows, ids
  /// and bags.
  SortedIds<Value> sort(const DeviceBags& bags, const DeviceFeature* features,
                        std::int64_t total_rows);

 private:
  void list(const DeviceBags& bags, const DeviceFeature* features);
  void* scratch(std::size_t bytes);

  DeviceStream stream_;
  DeviceArray<std::uint32_t> rows_[2];
  DeviceArray<Value> bags_[2];
  DeviceArray<std::uint32_t> begins_;
  DeviceArray<std::uint32_t> num_rows_;
  DeviceArray<std::byte> scratch_;
};

/// begins[i] = the lengths before bag i; begins[num_bags] = all of them.
void launch_begins(const std::int32_t* lengths, std::int64_t num_bags, std::int64_t* begins,
                   DeviceArray<std::byte>& scratch, DeviceStream stream);

}  // namespace shardwright
