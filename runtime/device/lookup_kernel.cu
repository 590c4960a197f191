#include "runtime/device/cuda_check.cuh"
#include "runtime/device/lookup_kernel.cuh"
#include "runtime/device/rows.cuh"

namespace shardwright {
namespace {

constexpr int kThreads = 256;

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

/// Σ weight · rows[id][columns] over the ids of one bag, in their order.
template <class Weight, int kNumParts, int kRowsInFlight>
__device__ void pool(const Lookup& lookup, const LookupSlot& slot, std::int64_t begin,
                     std::int64_t end, const Columns& columns, float4 (&sum)[kNumParts]) {
  const Weight* const rows = static_cast<const Weight*>(slot.weights) + slot.first_column;
  for (std::int64_t first = begin; first < end; first += kRowsInFlight) {
    std::int64_t id[kRowsInFlight];
    typename Raw4<Weight>::Type row[kRowsInFlight][kNumParts];
    bool illegal = false;
#pragma unroll
    for (int i = 0; i < kRowsInFlight; ++i) {
      id[i] = first + i < end ? lookup.bags.ids[first + i] : -1;
    }
#pragma unroll
    for (int i = 0; i < kRowsInFlight; ++i) {
      if (!is_row(id[i], slot.rows)) continue;
#pragma unroll
      for (int p = 0; p < kNumParts; ++p) {
        if (columns.has(p)) row[i][p] = load_raw4(rows + id[i] * slot.width + columns.of(p));
      }
    }
#pragma unroll
    for (int i = 0; i < kRowsInFlight; ++i) {
      if (!is_row(id[i], slot.rows)) {
        illegal |= first + i < end;
        continue;
      }
      const float weight = lookup.bags.weights == nullptr ? 1.0F : lookup.bags.weights[first + i];
#pragma unroll
      for (int p = 0; p < kNumParts; ++p) add(sum[p], weight, to_float4<Weight>(row[i][p]));
    }
    if (illegal) note_bad_id(lookup, slot, first, end);
  }
}

__device__ float4 divided(float4 sum, std::int64_t length) {
  const auto divisor = static_cast<float>(length);
  return {sum.x / divisor, sum.y / divisor, sum.z / divisor, sum.w / divisor};
}

/// One bag, by the threads that share its rows.
template <class Weight, int kNumParts, int kRowsInFlight>
__device__ void look_up_bag(const Lookup& lookup, const LookupSlot& slot, std::int64_t sample,
                            std::int32_t lane) {
  const std::int64_t bag =
      lookup.bags.samples * slot.first_feature + sample * slot.num_features + slot.feature;
  const std::int64_t begin = lookup.bags.begins[bag];
  const std::int64_t end = lookup.bags.begins[bag + 1];
  const Columns columns{lane * kColumnsPerPart, slot.lanes * kColumnsPerPart, slot.columns};
  float4 sum[kNumParts] = {};
  pool<Weight, kNumParts, kRowsInFlight>(lookup, slot, begin, end, columns, sum);
  float* const out = lookup.matrix + sample * lookup.columns + slot.matrix_column;
#pragma unroll
  for (int p = 0; p < kNumParts; ++p) {
    if (!columns.has(p)) continue;
    if (slot.mean && end - begin > 1) sum[p] = divided(sum[p], end - begin);
    store4(out + columns.of(p), sum[p], 0, 0);
  }
}

__global__ void __launch_bounds__(kThreads, 2) lookup_kernel(const Lookup lookup) {
  const std::int64_t warp = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) / kWarp;
  if (warp >= lookup.num_warps) return;
  const std::int64_t s = last_not_above(lookup.first_warps, lookup.num_slots, warp);
  const LookupSlot slot = lookup.slots[s];
  const std::int32_t lane = static_cast<std::int32_t>(threadIdx.x % kWarp);
  const std::int64_t sample =
      (warp - lookup.first_warps[s]) * (kWarp / slot.lanes) + lane / slot.lanes;
  if (sample >= lookup.bags.samples) return;
  with_weight_type(slot.dtype, [&](auto* type) {
    using Weight = std::remove_pointer_t<decltype(type)>;
    constexpr int kRows = sizeof(Weight) == 4 ? 4 : 8;
    if (slot.columns <= slot.lanes * kColumnsPerPart) {
      look_up_bag<Weight, 1, 8>(lookup, slot, sample, lane % slot.lanes);
    } else {
      look_up_bag<Weight, kParts, kRows>(lookup, slot, sample, lane % slot.lanes);
    }
  });
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
