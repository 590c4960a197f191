#include "costmodel/torchrec/storage.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace shardwright::torchrec {
namespace {

constexpr double kIndexBytes = 8;

constexpr Bytes kMost{std::int64_t{1} << 61};  // more than any machine has; sums of two still fit

Bytes ceil_bytes(double bytes) {
  return bytes < static_cast<double>(kMost.value())
             ? Bytes(static_cast<std::int64_t>(std::ceil(bytes)))
             : kMost;
}

Bytes sum(Bytes a, Bytes b) { return std::min(std::min(a, kMost) + std::min(b, kMost), kMost); }

double optimizer_multiplier(const Table& table) {
  switch (table.optimizer) {
    case OptimizerKind::sgd:
      return 0;
    case OptimizerKind::rowwise_adagrad:
      return 1 / static_cast<double>(table.dim);
    case OptimizerKind::adam:
      return 2;
    default:
      return 1;
  }
}

// Share of one rank's ids that reach one shard, times the ranks that send them.
double senders(ShardingType type, const Setting& setting) {
  const auto world = static_cast<double>(setting.world_size);
  switch (type) {
    case ShardingType::data_parallel:
    case ShardingType::row_wise:
      return 1;
    case ShardingType::table_row_wise:
    case ShardingType::grid:
      return world / static_cast<double>(setting.local_world_size);
    default:
      return world;
  }
}

Bytes input_output(const Table& table, ShardingType type, std::int64_t rows, std::int64_t columns,
                   const Setting& setting) {
  if (rows == 0) return Bytes(0);
  const double input = table.pooling * setting.batch_per_rank;
  const double output = table.mode == PoolingMode::none
                            ? input
                            : static_cast<double>(table.features.size()) * setting.batch_per_rank;
  const bool replicated = type == ShardingType::data_parallel;
  const double receivers = replicated ? 1 : static_cast<double>(setting.world_size);
  const auto element = static_cast<double>(bytes_per_element(table.dtype));
  return sum(ceil_bytes(input * senders(type, setting) * kIndexBytes),
             ceil_bytes(output * receivers * static_cast<double>(columns) * element));
}

// Weights and optimizer state: on the device, in host memory, or there behind a device cache.
Storage weights_and_state(const Table& table, Bytes weights, std::int64_t rows,
                          const Setting& setting) {
  const auto bytes = static_cast<double>(weights.value());
  const Bytes state = ceil_bytes(bytes * optimizer_multiplier(table));
  const double cached = setting.cache_load_factor;
  switch (setting.kernel) {
    case Kernel::dense:
    case Kernel::fused:
      break;
    case Kernel::fused_uvm:
      return {Bytes(0), sum(weights, state)};
    case Kernel::fused_uvm_caching: {
      const Bytes cache_state = ceil_bytes(static_cast<double>(rows) * (4 + 16 * cached));
      const auto state_bytes = static_cast<double>(state.value());
      const Bytes cache = sum(ceil_bytes(bytes * cached), ceil_bytes(state_bytes * cached));
      return {sum(cache, cache_state), sum(weights, state)};
    }
  }
  return {sum(weights, state), Bytes(0)};
}

}  // namespace

Storage estimate_storage(const Table& table, ShardingType type, std::int64_t rows,
                         std::int64_t columns, const Setting& setting) {
  Storage storage = weights_and_state(table, weight_bytes(table, rows, columns), rows, setting);
  storage.hbm = sum(storage.hbm, input_output(table, type, rows, columns, setting));
  if (setting.device == ComputeDevice::cpu) return {Bytes(0), sum(storage.hbm, storage.ddr)};
  return storage;
}

Bytes shard_bytes(const Workload& workload, const Topology& topology, const Shard& shard) {
  const Storage storage = estimate_storage(workload.table(shard.table), shard.type, shard.rows(),
                                           shard.columns(), setting_of(workload, topology, shard));
  return sum(storage.hbm, storage.ddr);
}

}  // namespace shardwright::torchrec
