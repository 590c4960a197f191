#pragma once

#include "runtime/device/device_layout.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/exchange/input_exchange.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>

namespace shardwright {

/// Brings batch after batch to the device in the order of device_layout.hpp. Keeps its buffers; the
/// bags of a call are good until the next one.
class BagUpload {
 public:
  explicit BagUpload(DeviceStream stream);
  /// Copies the bags together, then returns before the device has them; waits for the copy before.
  /// Throws InputError for 2^32 ids or bags and more.
  DeviceBags run(const OwnerLayout& owner, const InputExchange& input, bool weighted);
  /// Begins for lengths that are in device memory.
  const std::int64_t* begins_of(const std::int32_t* lengths, std::int64_t num_bags);

 private:
  void arrange(const OwnerLayout& owner, const InputExchange& input, bool weighted);

  DeviceStream stream_;
  PinnedArray<std::int32_t> lengths_;
  PinnedArray<std::int64_t> ids_;
  PinnedArray<float> weights_;
  DeviceArray<std::int32_t> device_lengths_;
  DeviceArray<std::int64_t> begins_;
  DeviceArray<std::int64_t> device_ids_;
  DeviceArray<float> device_weights_;
  DeviceArray<std::byte> scratch_;
  DeviceEvent copied_;
};

}  // namespace shardwright
