#include "runtime/device/cuda_check.cuh"
#include "runtime/device/lookup_kernel.cuh"
#include "runtime/device/rows.cuh"

namespace shardwright {
namespace {

constexpr int kThreads = 256;
constexpr int kRowsInFlight = 8;

__device__ bool is_row(std::int64_t id, std::int64_t rows) {
  return static_cast<unsigned long long>(id) < static_cast<unsigned long long>(rows);
}

/// Notes the first illegal id from a position on.
__device__ void note_bad_id(const Lookup& lookup, const LookupSlot& slot, std::int64_t position,
                            std::int64_t end) {
  for (; position < end; ++position) {
    if (is_row(lookup.bags.ids[position], slot.rows)) continue;
    atomicMin(&lookup.bad_id->position, static_cast<unsigned long long>(position));
    return;
  }
}

/// Σ weight · rows[id][column …] over the ids of one bag.
template <class Weight>
__device__ float4 pool(const Lookup& lookup, const LookupSlot& slot, std::int64_t begin,
                       std::int64_t end, std::int64_t column) {
  const Weight* const rows = static_cast<const Weight*>(slot.weights) + column;
  float4 sum = {0, 0, 0, 0};
  for (std::int64_t first = begin; first < end; first += kRowsInFlight) {
    std::int64_t id[kRowsInFlight];
    float4 row[kRowsInFlight];
    bool illegal = false;
#pragma unroll
    for (int i = 0; i < kRowsInFlight; ++i) {
      id[i] = first + i < end ? lookup.bags.ids[first + i] : -1;
    }
#pragma unroll
    for (int i = 0; i < kRowsInFlight; ++i) {
      if (is_row(id[i], slot.rows)) row[i] = load4(rows + id[i] * slot.width);
    }
#pragma unroll
    for (int i = 0; i < kRowsInFlight; ++i) {
      if (is_row(id[i], slot.rows)) {
        add(sum, lookup.bags.weights == nullptr ? 1.0F : lookup.bags.weights[first + i], row[i]);
      } else {
        illegal |= first + i < end;
      }
    }
    if (illegal) note_bad_id(lookup, slot, first, end);
  }
  return sum;
}

__device__ float4 divided(float4 sum, std::int64_t length) {
  const auto divisor = static_cast<float>(length);
  return {sum.x / divisor, sum.y / divisor, sum.z / divisor, sum.w / divisor};
}

__global__ void __launch_bounds__(kThreads) lookup_kernel(const Lookup lookup) {
  const std::int64_t warp = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) / kWarp;
  if (warp >= lookup.num_warps) return;
  const std::int64_t s = last_not_above(lookup.first_warps, lookup.num_slots, warp);
  const LookupSlot slot = lookup.slots[s];
  const std::int32_t lane = static_cast<std::int32_t>(threadIdx.x % kWarp);
  const std::int64_t sample =
      (warp - lookup.first_warps[s]) * (kWarp / slot.lanes) + lane / slot.lanes;
  const std::int64_t column = lane % slot.lanes * kColumnsPerLane;
  if (sample >= lookup.bags.samples || column >= slot.columns) return;
  const std::int64_t bag =
      lookup.bags.samples * slot.first_feature + sample * slot.num_features + slot.feature;
  const std::int64_t begin = lookup.bags.begins[bag];
  const std::int64_t end = lookup.bags.begins[bag + 1];
  float4 sum = {0, 0, 0, 0};
  with_weight_type(slot.dtype, [&](auto* type) {
    using Weight = std::remove_pointer_t<decltype(type)>;
    sum = pool<Weight>(lookup, slot, begin, end, slot.first_column + column);
  });
  if (slot.mean && end - begin > 1) sum = divided(sum, end - begin);
  store4(lookup.matrix + sample * lookup.columns + slot.matrix_column + column, sum, 0, 0);
}

}  // namespace

void launch_lookup(const Lookup& lookup, DeviceStream stream) {
  if (lookup.num_warps == 0) return;
  constexpr std::int64_t kWarpsPerBlock = kThreads / kWarp;
  const std::int64_t blocks = (lookup.num_warps + kWarpsPerBlock - 1) / kWarpsPerBlock;
  lookup_kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(lookup);
  check_launch("look up embeddings");
}

}  // namespace shardwright
