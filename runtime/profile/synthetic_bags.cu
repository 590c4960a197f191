#include "runtime/data/splitmix.hpp"
#include "runtime/data/zipf_rows.hpp"
#include "runtime/device/cuda_check.cuh"
#include "runtime/device/grid.cuh"
#include "runtime/profile/synthetic_bags.cuh"

namespace shardwright {
namespace {

constexpr std::uint64_t kScatter = 2654435761;  // of ZipfRows

__device__ double uniform(std::uint64_t seed, std::int64_t index) {
  const std::uint64_t bits =
      SplitMix64::mix(seed + (static_cast<std::uint64_t>(index) + 1) * 0x9e3779b97f4a7c15);
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

__global__ void lengths_kernel(const SyntheticTable* tables, std::uint64_t seed,
                               std::int64_t samples, std::int64_t num_bags, std::int32_t* lengths) {
  for (std::int64_t bag = first_index(); bag < num_bags; bag += index_step()) {
    lengths[bag] = static_cast<std::int32_t>(tables[bag / samples].pooling + uniform(seed, bag));
  }
}

/// ZipfRows::row(); rows below 2^32, so that the product fits.
__device__ std::int64_t zipf_row(const SyntheticTable& table, double u) {
  const double rank =
      table.exponent == 0 ? exp(table.span * u) : pow(table.span * u + 1, 1 / table.exponent);
  const auto last = static_cast<double>(table.rows - 1);
  const auto whole = static_cast<std::uint64_t>(rank < last ? rank : last);
  return static_cast<std::int64_t>(whole * kScatter % static_cast<std::uint64_t>(table.rows));
}

/// The table whose bags have a position.
__device__ std::int64_t table_at(const std::int64_t* begins, std::int64_t samples,
                                 std::int64_t num_tables, std::int64_t position) {
  std::int64_t low = 0;
  while (num_tables > 1) {
    const std::int64_t half = num_tables / 2;
    if (begins[(low + half) * samples] <= position) low += half;
    num_tables -= half;
  }
  return low;
}

__global__ void ids_kernel(const SyntheticTable* tables, std::int64_t num_tables,
                           std::uint64_t seed, const DeviceBags bags, std::int64_t* ids) {
  for (std::int64_t i = first_index(); i < bags.num_ids; i += index_step()) {
    const SyntheticTable& table = tables[table_at(bags.begins, bags.samples, num_tables, i)];
    ids[i] = zipf_row(table, uniform(seed, bags.num_bags + i));
  }
}

}  // namespace

SyntheticTable synthetic_table(std::int64_t rows, double pooling, double skew) {
  const ZipfRows law(rows, skew);
  return {rows, pooling, law.exponent(), law.span()};
}

SyntheticBags::SyntheticBags(const std::vector<SyntheticTable>& tables, DeviceStream stream)
    : stream_(stream),
      num_tables_(static_cast<std::int64_t>(tables.size())),
      tables_(uploaded(tables, stream, "laws of ids")),
      lengths_(stream, "lengths of bags"),
      ids_(stream, "ids"),
      begins_(stream) {}

DeviceBags SyntheticBags::draw(std::uint64_t seed, std::int64_t samples) {
  DeviceBags bags;
  bags.samples = samples;
  bags.num_bags = samples * num_tables_;
  lengths_.resize(static_cast<std::size_t>(bags.num_bags));
  lengths_kernel<<<full_grid(), kThreads, 0, stream_>>>(tables_.data(), seed, samples,
                                                        bags.num_bags, lengths_.data());
  check_launch("draw lengths of bags");
  bags.begins = begins_.begins_of(lengths_.data(), bags.num_bags);
  copy_to_host(&bags.num_ids, bags.begins + bags.num_bags, sizeof(bags.num_ids), stream_);
  wait_for(stream_);
  ids_.resize(static_cast<std::size_t>(bags.num_ids));
  ids_kernel<<<full_grid(), kThreads, 0, stream_>>>(tables_.data(), num_tables_, seed, bags,
                                                    ids_.data());
  check_launch("draw ids");
  bags.ids = ids_.data();
  return bags;
}

}  // namespace shardwright
