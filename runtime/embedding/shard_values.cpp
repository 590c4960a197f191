#include "runtime/embedding/shard_values.hpp"

#include "costmodel/bytes.hpp"
#include "costmodel/errors.hpp"
#include "runtime/embedding/huge_pages.hpp"
#include "runtime/embedding/row_shares.hpp"

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
LineVector<T> zeros(const Table& table, const Shard& shard, std::int64_t per_row,
                    Workers& workers) {
  const std::int64_t values = checked_product(shard.rows(), per_row, "weights of a shard");
  const auto size = static_cast<std::size_t>(values);
  try {
    LineVector<T> result;
    result.reserve(size);
    ask_for_huge_pages(result.data(), size * sizeof(T));
    touch_pages(workers, result.data(), shard.rows(),
                static_cast<std::size_t>(per_row) * sizeof(T));
    result.resize(size);
    return result;
  } catch (const std::bad_alloc&) {
    refuse(table, shard, values, sizeof(T));
  } catch (const std::length_error&) {
    refuse(table, shard, values, sizeof(T));
  }
}

}  // namespace

LineVector<float> shard_values(const Table& table, const Shard& shard, std::int64_t per_row,
                               Workers& workers) {
  return zeros<float>(table, shard, per_row, workers);
}

LineVector<std::uint16_t> shard_values16(const Table& table, const Shard& shard, Workers& workers) {
  return zeros<std::uint16_t>(table, shard, shard.columns(), workers);
}

LineVector<float> initial_state(const Table& table, const Shard& shard,
                                const OptimizerSettings& settings, Workers& workers) {
  const std::int64_t width = state_width(table.optimizer, settings, shard.columns());
  LineVector<float> state = shard_values(table, shard, width, workers);
  if (state.empty()) return state;
  const auto step = static_cast<std::size_t>(width);
  share_rows(workers, shard.rows(), [&](std::int64_t begin, std::int64_t end) {
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
      fill_initial_state(table.optimizer, settings, std::span(state).subspan(row * step, step));
    }
  });
  return state;
}

}  // namespace shardwright
