#include "runtime/embedding/initial_weights.hpp"

#include "runtime/embedding/named_uniform.hpp"
#include "runtime/embedding/number_format.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cmath>

namespace shardwright {
namespace {

/// visit(weight) for each weight of a shard, row by row.
template <class Visit>
void for_each_weight(std::uint64_t seed, const Table& table, const Shard& shard, Visit visit) {
  const NamedUniform uniform(seed, table.name);
  const float scale = initial_scale(table.rows);
  for (std::int64_t row = shard.row_begin; row < shard.row_end; ++row) {
    const std::uint64_t key = uniform.row_key(row);
    for (std::int64_t column = shard.col_begin; column < shard.col_end; ++column) {
      visit(NamedUniform::value(key, column, scale));
    }
  }
}

}  // namespace

float initial_scale(std::int64_t rows) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(rows)));
}

LineVector<float> initial_weights(std::uint64_t seed, const Table& table, const Shard& shard) {
  LineVector<float> weights = shard_values(table, shard, shard.columns(), 0.0F);
  for_each_weight(seed, table, shard,
                  [next = weights.data()](float value) mutable { *next++ = value; });
  return weights;
}

LineVector<std::uint16_t> initial_weights16(std::uint64_t seed, const Table& table,
                                            const Shard& shard) {
  LineVector<std::uint16_t> weights = shard_values16(table, shard);
  const bool is_bf16 = table.dtype == DataType::bf16;
  for_each_weight(seed, table, shard, [is_bf16, next = weights.data()](float value) mutable {
    *next++ = is_bf16 ? nearest_bf16(value).bits : nearest_fp16(value).bits;
  });
  return weights;
}

float initial_embedding_weight(std::uint64_t seed, const std::string& table, std::int64_t rows,
                               std::int64_t row, std::int64_t column) {
  const std::uint64_t key = NamedUniform(seed, table).row_key(row);
  return NamedUniform::value(key, column, initial_scale(rows));
}

}  // namespace shardwright
