#include "runtime/embedding/shard_values.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"

#include <fmt/format.h>

#include <new>
#include <stdexcept>

namespace shardwright {
namespace {

[[noreturn]] void refuse(const Table& table, const Shard& shard, std::int64_t values) {
  const std::int64_t bytes = checked_product(values, sizeof(float), "bytes of a shard");
  throw EnvironmentError(
      fmt::format("No memory for {} of table '{}' (rows [{}, {}), columns [{}, {})): plan for more "
                  "ranks or give the ranks their true memory in the topology.",
                  format_bytes(Bytes(bytes)), table.name, shard.row_begin, shard.row_end,
                  shard.col_begin, shard.col_end));
}

}  // namespace

std::vector<float> shard_values(const Table& table, const Shard& shard, std::int64_t per_row,
                                float value) {
  const std::int64_t values = checked_product(shard.rows(), per_row, "weights of a shard");
  try {
    return std::vector<float>(static_cast<std::size_t>(values), value);
  } catch (const std::bad_alloc&) {
    refuse(table, shard, values);
  } catch (const std::length_error&) {
    refuse(table, shard, values);
  }
}

std::vector<float> initial_state(const Table& table, const Shard& shard, float accumulator) {
  switch (table.optimizer) {
    case OptimizerKind::adagrad:
      return shard_values(table, shard, shard.columns(), accumulator);
    case OptimizerKind::rowwise_adagrad:
      return shard_values(table, shard, 1, accumulator);
    default:
      return {};
  }
}

}  // namespace shardwright
