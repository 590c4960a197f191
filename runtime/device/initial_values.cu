#include "runtime/device/cuda_check.cuh"
#include "runtime/device/grid.cuh"
#include "runtime/device/initial_values.cuh"
#include "runtime/device/rows.cuh"

namespace shardwright {
namespace {

__device__ void set_nearest(float* to, float value) { *to = value; }
__device__ void set_nearest(Bf16* to, float value) { *to = nearest_bf16(value); }
__device__ void set_nearest(Fp16* to, float value) { *to = nearest_fp16(value); }
__device__ float as_float(float value) { return value; }
__device__ float as_float(Bf16 value) { return to_float(value); }
__device__ float as_float(Fp16 value) { return to_float(value); }

__global__ void initial_weights_kernel(const NamedUniform uniform, const InitialWeights initial) {
  const std::int64_t count = initial.rows * initial.columns;
  with_weight_type(initial.dtype, [&](auto* type) {
    auto* const weights = static_cast<decltype(type)>(initial.weights);
    for (std::int64_t i = first_index(); i < count; i += index_step()) {
      const std::int64_t row = i / initial.columns;
      const std::int64_t column = initial.first_column + i % initial.columns;
      set_nearest(weights + i, NamedUniform::value(uniform.row_key(initial.first_row + row), column,
                                                   initial.scale));
    }
  });
}

__global__ void fill_kernel(float* values, std::int64_t count, float value) {
  for (std::int64_t i = first_index(); i < count; i += index_step()) values[i] = value;
}

__global__ void to_float_kernel(const void* values, DataType dtype, std::int64_t count,
                                float* floats) {
  with_weight_type(dtype, [&](auto* type) {
    const auto* const from = static_cast<const std::remove_pointer_t<decltype(type)>*>(values);
    for (std::int64_t i = first_index(); i < count; i += index_step())
      floats[i] = as_float(from[i]);
  });
}

__global__ void from_float_kernel(const float* floats, std::int64_t count, void* values,
                                  DataType dtype) {
  with_weight_type(dtype, [&](auto* type) {
    auto* const to = static_cast<decltype(type)>(values);
    for (std::int64_t i = first_index(); i < count; i += index_step())
      set_nearest(to + i, floats[i]);
  });
}

}  // namespace

void launch_initial_weights(const NamedUniform& uniform, const InitialWeights& initial,
                            DeviceStream stream) {
  initial_weights_kernel<<<full_grid(), kThreads, 0, stream>>>(uniform, initial);
  check_launch("set initial weights");
}

void launch_fill(float* values, std::int64_t count, float value, DeviceStream stream) {
  fill_kernel<<<full_grid(), kThreads, 0, stream>>>(values, count, value);
  check_launch("fill memory");
}

void launch_to_float(const void* values, DataType dtype, std::int64_t count, float* floats,
                     DeviceStream stream) {
  to_float_kernel<<<full_grid(), kThreads, 0, stream>>>(values, dtype, count, floats);
  check_launch("convert weights");
}

void launch_from_float(const float* floats, std::int64_t count, void* values, DataType dtype,
                       DeviceStream stream) {
  from_float_kernel<<<full_grid(), kThreads, 0, stream>>>(floats, count, values, dtype);
  check_launch("convert weights");
}

}  // namespace shardwright
