#include "runtime/device/cuda_check.cuh"
#include "runtime/device/row_sort.cuh"
#include "runtime/device/rows.cuh"

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_select.cuh>
#include <thrust/iterator/counting_iterator.h>

#include <bit>
#include <type_traits>

namespace shardwright {
namespace {

constexpr int kThreads = 256;

/// Which of a warp's 32 bags a position lies in: the last that does not begin after it. Lane i
/// holds the begin of bag i; all lanes take part.
__device__ int bag_of(std::int64_t begin, std::int64_t position) {
  int bag = 0;
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    if (__shfl_sync(kEveryLane, begin, bag + step) <= position) bag += step;
  }
  return bag;
}

template <class Value>
__device__ Value packed(const DeviceBags& bags, bool mean, std::int64_t bag,
                        std::int64_t position) {
  if constexpr (std::is_same_v<Value, BagAndCoefficient>) {
    float coefficient = bags.weights == nullptr ? 1.0F : bags.weights[position];
    if (mean) coefficient /= static_cast<float>(bags.begins[bag + 1] - bags.begins[bag]);
    return static_cast<Value>(bag) << 32 | __float_as_uint(coefficient);
  } else {
    return static_cast<Value>(bag);
  }
}

/// A warp lists the ids of 32 neighbouring bags, lane by lane. Illegal ids become the nearest row:
/// the look-up has noted them.
template <class Value>
__global__ void __launch_bounds__(kThreads)
    list_kernel(const DeviceBags bags, const DeviceFeature* features, std::uint32_t* rows,
                Value* values) {
  const std::int64_t warp = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) / kWarp;
  const std::int64_t lane = threadIdx.x % kWarp;
  const std::int64_t first_bag = warp * kWarp;
  if (first_bag >= bags.num_bags) return;
  const std::int64_t last_bag = min(first_bag + kWarp, bags.num_bags);
  const std::int64_t begin = bags.begins[min(first_bag + lane, bags.num_bags)];
  const std::int64_t end = bags.begins[last_bag];
  for (std::int64_t base = __shfl_sync(kEveryLane, begin, 0); base < end; base += kWarp) {
    const std::int64_t position = base + lane;
    const std::int64_t bag = first_bag + bag_of(begin, position);
    if (position >= end) continue;
    const DeviceFeature feature = features[bag / bags.samples];
    const std::int64_t row = max(std::int64_t{0}, min(bags.ids[position], feature.rows - 1));
    rows[position] = static_cast<std::uint32_t>(feature.row_base + row);
    values[position] = packed<Value>(bags, feature.mean, bag, position);
  }
}

struct BeginsRow {
  const std::uint32_t* rows;
  __device__ bool operator()(std::uint32_t position) const {
    return position == 0 || rows[position] != rows[position - 1];
  }
};

__global__ void close_begins(std::uint32_t* begins, const std::uint32_t* num_rows,
                             std::uint32_t num_ids) {
  begins[*num_rows] = num_ids;
}

}  // namespace

template <class Value>
RowSort<Value>::RowSort(DeviceStream stream)
    : stream_(stream),
      rows_{{stream, "sorted rows"}, {stream, "sorted rows"}},
      bags_{{stream, "sorted bags"}, {stream, "sorted bags"}},
      begins_(stream, "groups of ids"),
      num_rows_(stream, "the number of groups"),
      scratch_(stream, "sorting") {}

template <class Value>
void RowSort<Value>::list(const DeviceBags& bags, const DeviceFeature* features) {
  for (int i = 0; i < 2; ++i) {
    rows_[i].resize(static_cast<std::size_t>(bags.num_ids));
    bags_[i].resize(static_cast<std::size_t>(bags.num_ids));
  }
  begins_.resize(static_cast<std::size_t>(bags.num_ids) + 1);
  num_rows_.resize(1);
  constexpr std::int64_t kBagsPerBlock = kThreads;  // 32 a warp
  const std::int64_t blocks = (bags.num_bags + kBagsPerBlock - 1) / kBagsPerBlock;
  if (blocks == 0) return;
  list_kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream_>>>(
      bags, features, rows_[0].data(), bags_[0].data());
  check_launch("list the ids of a batch");
}

template <class Value>
SortedIds<Value> RowSort<Value>::sort(const DeviceBags& bags, const DeviceFeature* features,
                                      std::int64_t total_rows) {
  list(bags, features);
  cub::DoubleBuffer<std::uint32_t> rows(rows_[0].data(), rows_[1].data());
  cub::DoubleBuffer<Value> values(bags_[0].data(), bags_[1].data());
  const int bits = std::bit_width(static_cast<std::uint64_t>(total_rows - 1));
  std::size_t bytes = 0;
  const auto sort_pairs = [&](void* memory) {
    check_cuda(cub::DeviceRadixSort::SortPairs(memory, bytes, rows, values, bags.num_ids, 0, bits,
                                               stream_),
               "sort the ids of a batch");
  };
  if (bits > 0) {  // else all ids are the one row there is
    sort_pairs(nullptr);
    sort_pairs(scratch(bytes));
  }
  const thrust::counting_iterator<std::uint32_t> positions(0);
  const auto select = [&](void* memory) {
    check_cuda(cub::DeviceSelect::If(memory, bytes, positions, begins_.data(), num_rows_.data(),
                                     bags.num_ids, BeginsRow{rows.Current()}, stream_),
               "group the ids of a batch");
  };
  select(nullptr);
  select(scratch(bytes));
  close_begins<<<1, 1, 0, stream_>>>(begins_.data(), num_rows_.data(),
                                     static_cast<std::uint32_t>(bags.num_ids));
  check_launch("close the groups of ids");
  return {rows.Current(), values.Current(), bags.num_ids, begins_.data(), num_rows_.data()};
}

template <class Value>
void* RowSort<Value>::scratch(std::size_t bytes) {
  scratch_.resize(bytes + 1);  // never null: that would ask for the size
  return scratch_.data();
}

template class RowSort<std::uint32_t>;
template class RowSort<BagAndCoefficient>;

void launch_begins(const std::int32_t* lengths, std::int64_t num_bags, std::int64_t* begins,
                   DeviceArray<std::byte>& scratch, DeviceStream stream) {
  std::size_t bytes = 0;
  check_cuda(cudaMemsetAsync(begins, 0, sizeof(std::int64_t), stream), "clear a begin");
  if (num_bags == 0) return;
  const auto sum = [&](void* memory) {
    check_cuda(cub::DeviceScan::InclusiveScan(memory, bytes, lengths, begins + 1,
                                              cuda::std::plus<std::int64_t>{}, num_bags, stream),
               "add up the lengths of bags");
  };
  sum(nullptr);
  scratch.resize(bytes + 1);
  sum(scratch.data());
}

}  // namespace shardwright
