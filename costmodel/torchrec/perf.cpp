#include "costmodel/torchrec/perf.hpp"

#include <algorithm>
#include <cmath>

namespace shardwright::torchrec {
namespace {

// TorchRec's constants (planner/constants.py). Bandwidths are in bytes per millisecond.
constexpr double per_ms(double gibibytes_per_second) {
  return gibibytes_per_second * 0x1p30 / 1000;
}
constexpr double kHbm = per_ms(897);
constexpr double kDdr = per_ms(51);
constexpr double kHbmToDdr = per_ms(32);
constexpr double kIntraHost = per_ms(600);
constexpr double kInterHost = per_ms(12.5);
constexpr double kIndexBytes = 8;
constexpr double kBackwardMultiplier = 2;
constexpr double kWeightedMultiplier = 1.1;
constexpr double kBatchedCopyFactor = 2.455;
constexpr double kElementwiseFactor = 9.22;
constexpr double kUvmPenalty = 10;

double device_bandwidth(const Setting& setting) {
  const double memory = setting.device == ComputeDevice::cpu ? kDdr : kHbm;
  const double cached = setting.cache_load_factor;
  switch (setting.kernel) {
    case Kernel::dense:
      return 0.5 * memory;
    case Kernel::fused:
      break;
    case Kernel::fused_uvm:
      return kHbmToDdr / kUvmPenalty;
    case Kernel::fused_uvm_caching:
      return (cached * memory + (1 - cached) * kHbmToDdr) / kUvmPenalty;
  }
  return memory;
}

double narrow_block_penalty(double columns) {
  if (columns >= 128) return 1;
  return columns >= 64 ? 1.15 : 1.75;
}

// The quantities that all formulas share; names follow the table in docs/cost_models.md.
struct Terms {
  double world;      // W
  double local;      // G
  double input;      // ids of one rank's samples
  double output;     // pooled rows of one rank's samples
  double columns;    // d
  double element;    // bytes per weight, also on the wire
  double index;      // bytes per id
  double bandwidth;  // of the kernel
  double output_bytes() const { return output * world * columns * element; }
  double within(double ranks) const { return ranks <= local ? kIntraHost : kInterHost; }
};

Terms terms_of(const Table& table, std::int64_t columns, const Setting& setting) {
  Terms t{};
  t.world = static_cast<double>(setting.world_size);
  t.local = static_cast<double>(setting.local_world_size);
  t.input = table.pooling * setting.batch_per_rank;
  t.output = table.mode == PoolingMode::none
                 ? t.input
                 : static_cast<double>(table.features.size()) * setting.batch_per_rank;
  t.columns = static_cast<double>(columns);
  t.element = static_cast<double>(bytes_per_element(table.dtype));
  t.index = table.weighted ? 2 * kIndexBytes : kIndexBytes;
  t.bandwidth = device_bandwidth(setting);
  return t;
}

Perf whole_rows(const Terms& t) {
  const double lookups = t.input * t.world;
  const double gathered = lookups * std::max(t.columns, 32.0) * t.element;
  Perf perf;
  perf.forward_compute = (std::ceil(lookups * t.index) + gathered + t.output_bytes()) *
                         narrow_block_penalty(t.columns) / t.bandwidth;
  perf.forward_comms = t.output_bytes() / t.within(t.world);
  perf.backward_comms = perf.forward_comms;
  return perf;
}

// Rows split over `ranks` ranks, which add up their partial outputs among themselves; if that is
// one node, the sums then travel between nodes.
Perf split_rows(const Terms& t, double ranks) {
  const double lookups = t.input / ranks * t.world;
  Perf perf;
  perf.forward_compute =
      (lookups * t.index + lookups * t.columns * t.element + t.output_bytes()) / t.bandwidth;
  const double between_nodes = t.world > ranks ? t.output_bytes() / ranks / t.within(t.world) : 0;
  perf.forward_comms = t.output_bytes() / t.within(ranks) + between_nodes;
  perf.backward_comms = perf.forward_comms + kBatchedCopyFactor * t.output_bytes() / t.bandwidth;
  return perf;
}

Perf replicated(const Terms& t, double rows) {
  const double weights = rows * t.columns * t.element;
  const double nodes = std::min(t.world / t.local, 2.0);
  const double crowded = t.world > 2 * t.local ? 2 : 1;
  Perf perf;
  perf.forward_compute =
      (t.input * t.index + t.input * t.columns * t.element + t.output * t.columns * t.element) /
      t.bandwidth;
  perf.backward_comms = weights * (2 * nodes - 1) / nodes / (kInterHost * t.local) * crowded +
                        kElementwiseFactor * weights / t.bandwidth;
  return perf;
}

Perf forward_and_comms(const Table& table, ShardingType type, const Terms& t) {
  switch (type) {
    case ShardingType::table_wise:
    case ShardingType::column_wise:
    case ShardingType::table_column_wise:
      return whole_rows(t);
    case ShardingType::row_wise:
      return split_rows(t, t.world);
    case ShardingType::table_row_wise:
    case ShardingType::grid:
      return split_rows(t, t.local);
    case ShardingType::data_parallel:
      break;
  }
  return replicated(t, static_cast<double>(table.rows));
}

}  // namespace

Perf estimate_perf(const Table& table, ShardingType type, std::int64_t columns,
                   const Setting& setting) {
  Perf perf = forward_and_comms(table, type, terms_of(table, columns, setting));
  const double multiplier = kBackwardMultiplier + (table.weighted ? kWeightedMultiplier : 0);
  perf.backward_compute = multiplier * perf.forward_compute;
  return perf;
}

}  // namespace shardwright::torchrec
