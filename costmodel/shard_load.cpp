#include "costmodel/shard_load.hpp"

#include <algorithm>

namespace shardwright {
namespace {

constexpr double kIdBytes = 8;
constexpr double kLengthBytes = 4;
constexpr double kWeightBytes = 4;     // per-sample weight
constexpr double kOutputBytes = 4;     // pooled values and their gradients are fp32
constexpr double kLeastRowBytes = 64;  // memory moves no less at a time

double id_bytes(const Table& table) { return kIdBytes + (table.weighted ? kWeightBytes : 0); }

double row_bytes(const Table& table, const Shard& shard) {
  const auto bytes = shard.columns() * bytes_per_element(table.dtype);
  return std::max(static_cast<double>(bytes), kLeastRowBytes);
}

double output_bytes(const Shard& shard, const ShardLoad& load) {
  return kOutputBytes * static_cast<double>(shard.columns()) * load.output_rows;
}

}  // namespace

ShardLoad load_of(const Table& table, const Shard& shard, double samples, double unique_rows) {
  const double share = static_cast<double>(shard.rows()) / static_cast<double>(table.rows);
  ShardLoad load;
  load.lookups = samples * table.pooling * share;
  load.bags = samples * static_cast<double>(table.features.size());
  load.output_rows = table.mode == PoolingMode::none ? load.lookups : load.bags;
  load.unique_rows = std::min(unique_rows * share, load.lookups);
  return load;
}

MovedBytes forward_bytes(const Table& table, const Shard& shard, const ShardLoad& load) {
  const double repeated = load.lookups - load.unique_rows;
  return {id_bytes(table) * load.lookups + output_bytes(shard, load) +
              row_bytes(table, shard) * repeated,
          row_bytes(table, shard) * load.unique_rows};
}

MovedBytes backward_bytes(const Table& table, const Shard& shard, const ShardLoad& load) {
  const auto state = optimizer_bytes(table.optimizer, 1, shard.columns()).value();
  return {id_bytes(table) * load.lookups + output_bytes(shard, load),
          2 * (row_bytes(table, shard) + static_cast<double>(state)) * load.unique_rows};
}

double input_message_bytes(const Table& table, const ShardLoad& load) {
  return id_bytes(table) * load.lookups + kLengthBytes * load.bags;
}

double output_message_bytes(const Shard& shard, const ShardLoad& load) {
  return output_bytes(shard, load);
}

double replicated_gradient_bytes(const Shard& shard) {
  return kOutputBytes * static_cast<double>(shard.rows()) * static_cast<double>(shard.columns());
}

}  // namespace shardwright
