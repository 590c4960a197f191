#pragma once

#include "runtime/device/device_communicator.hpp"
#include "runtime/device/device_memory.hpp"

#include <span>

namespace shardwright {

/// ordered_all_reduce() (collectives.hpp) of arrays in device memory, with the same bits. Keeps its
/// buffers.
class DeviceAllReduce {
 public:
  explicit DeviceAllReduce(DeviceCommunicator& comm);
  /// Puts its work into the communicator's stream.
  void run(std::span<float> values);

 private:
  DeviceCommunicator& comm_;
  DeviceArray<float> gathered_;  ///< every rank's values of this rank's slice
  DeviceArray<float> sums_;
};

/// values[i] = factor · from[i] for `count` values in device memory, in the order of the stream.
void scale_values(const float* from, float factor, std::size_t count, float* values,
                  DeviceStream stream);

}  // namespace shardwright
