#pragma once

#include "costmodel/table.hpp"
#include "runtime/device/device_memory.hpp"
#include "runtime/embedding/named_uniform.hpp"

#include <cstdint>

namespace shardwright {

/// A shard's weights, [rows][columns] of the dtype, and where they stand in their table.
struct InitialWeights {
  void* weights = nullptr;
  DataType dtype = DataType::fp32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t first_row = 0;
  std::int64_t first_column = 0;
  float scale = 0;
};

/// initial_weights() on the device, rounded to the nearest value of the dtype.
void launch_initial_weights(const NamedUniform& uniform, const InitialWeights& initial,
                            DeviceStream stream);

void launch_fill(float* values, std::int64_t count, float value, DeviceStream stream);

/// values[i] as a float.
void launch_to_float(const void* values, DataType dtype, std::int64_t count, float* floats,
                     DeviceStream stream);

/// values[i] = the nearest value to floats[i].
void launch_from_float(const float* floats, std::int64_t count, void* values, DataType dtype,
                       DeviceStream stream);

}  // namespace shardwright
