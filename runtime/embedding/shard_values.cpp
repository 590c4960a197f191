#include "runtime/embedding/shard_values.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "runtime/embedding/huge_pages.hpp"

#include <fmt/format.h>

#include <new>
#include <span>
#include <stdexcept>

namespace shardwright {
namespace {

[[noreturn]] void refuse(const Table& table, const Shard& shard, std::int64_t values,
                         std::int64_t value_bytes) {
  const std::int64_t bytes = checked_product(values, value_bytes, "bytes of a shard");
  throw EnvironmentError(
      fmt::format("No memory for {} of table '{}' (rows [{}, {}), columns [{}, {})): plan for more "
                  "ranks or give the ranks their true memory in the topology.",
                  format_bytes(Bytes(bytes)), table.name, shard.row_begin, shard.row_end,
                  shard.col_begin, shard.col_end));
}

template <class T>
LineVector<T> filled(const Table& table, const Shard& shard, std::int64_t per_row, T value) {
  const std::int64_t values = checked_product(shard.rows(), per_row, "weights of a shard");
  try {
    LineVector<T> result;
    resize_in_huge_pages(result, static_cast<std::size_t>(values), value);
    return result;
  } catch (const std::bad_alloc&) {
    refuse(table, shard, values, sizeof(T));
  } catch (const std::length_error&) {
    refuse(table, shard, values, sizeof(T));
  }
}

}  // namespace

LineVector<float> shard_values(const Table& table, const Shard& shard, std::int64_t per_row,
                               float value) {
  return filled(table, shard, per_row, value);
}

LineVector<std::uint16_t> shard_values16(const Table& table, const Shard& shard) {
  return filled(table, shard, shard.columns(), std::uint16_t{0});
}

LineVector<float> initial_state(const Table& table, const Shard& shard,
                                const OptimizerSettings& settings) {
  const std::int64_t width = state_width(table.optimizer, settings, shard.columns());
  LineVector<float> state = shard_values(table, shard, width, 0.0F);
  const auto step = static_cast<std::size_t>(width);
  for (std::size_t row = 0; row < state.size(); row += step) {
    fill_initial_state(table.optimizer, settings, std::span(state).subspan(row, step));
  }
  return state;
}

}  // namespace shardwright
