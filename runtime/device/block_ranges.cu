#include "runtime/device/block_ranges.cuh"
#include "runtime/device/cuda_check.cuh"

namespace shardwright {
namespace {

constexpr int kThreads = 256;

template <class Value>
__global__ void block_ranges_kernel(const SortedIds<Value> ids, const std::int64_t* row_bases,
                                    std::int64_t num_blocks, std::uint32_t* firsts) {
  const std::int64_t block = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (block > num_blocks) return;
  std::uint32_t low = 0;
  std::uint32_t high = *ids.num_rows;
  while (block < num_blocks && low < high) {  // the first row that is not below the block's
    const std::uint32_t middle = (low + high) / 2;
    const bool below = ids.rows[ids.begins[middle]] < row_bases[block];
    if (below) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  firsts[block] = block < num_blocks ? low : high;
}

__global__ void __launch_bounds__(kThreads)
    sum_kernel(const double* values, const std::uint32_t* count, double* sum) {
  __shared__ double parts[kThreads];
  double part = 0;
  for (std::uint32_t i = threadIdx.x; i < *count; i += kThreads) part += values[i];
  parts[threadIdx.x] = part;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
  }
  if (threadIdx.x == 0) *sum = parts[0];
}

}  // namespace

template <class Value>
void launch_block_ranges(const SortedIds<Value>& ids, const std::int64_t* row_bases,
                         std::int64_t num_blocks, std::uint32_t* firsts, DeviceStream stream) {
  const std::int64_t grid = num_blocks / kThreads + 1;
  block_ranges_kernel<<<static_cast<unsigned>(grid), kThreads, 0, stream>>>(ids, row_bases,
                                                                            num_blocks, firsts);
  check_launch("find the rows of blocks");
}

template void launch_block_ranges(const SortedIds<std::uint32_t>&, const std::int64_t*,
                                  std::int64_t, std::uint32_t*, DeviceStream);
template void launch_block_ranges(const SortedIds<BagAndCoefficient>&, const std::int64_t*,
                                  std::int64_t, std::uint32_t*, DeviceStream);

void launch_sum(const double* values, const std::uint32_t* count, double* sum,
                DeviceStream stream) {
  sum_kernel<<<1, kThreads, 0, stream>>>(values, count, sum);
  check_launch("add up squares");
}

}  // namespace shardwright
