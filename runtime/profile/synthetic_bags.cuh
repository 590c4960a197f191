#pragma once

#include "runtime/device/bag_upload.hpp"
#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// How the ids of one table are drawn: ZipfRows and its bags of ⌊pooling⌋ ids or one more.
struct SyntheticTable {
  std::int64_t rows = 0;
  double pooling = 0;
  double exponent = 0;  ///< ZipfRows::exponent(), span()
  double span = 0;
};
SyntheticTable synthetic_table(std::int64_t rows, double pooling, double skew);

/// Draws a batch's bags on the device, one feature per table. Keeps its buffers; bags of a call are
/// good until the next one.
class SyntheticBags {
 public:
  SyntheticBags(const std::vector<SyntheticTable>& tables, DeviceStream stream);
  /// Depends on seed, samples and tables alone. Waits for the number of ids.
  DeviceBags draw(std::uint64_t seed, std::int64_t samples);

 private:
  DeviceStream stream_;
  std::int64_t num_tables_;
  DeviceArray<SyntheticTable> tables_;
  DeviceArray<std::int32_t> lengths_;
  DeviceArray<std::int64_t> ids_;
  BagUpload begins_;
};

}  // namespace shardwright
