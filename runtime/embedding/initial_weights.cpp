#include "runtime/embedding/initial_weights.hpp"

#include "runtime/embedding/named_uniform.hpp"
#include "runtime/embedding/number_format.hpp"
#include "runtime/embedding/row_shares.hpp"
#include "runtime/embedding/shard_values.hpp"
#include "runtime/embedding/sharded_embeddings.hpp"

#include <cmath>

namespace shardwright {
namespace {

/// Fills [rows][columns] with convert(weight), the workers each their rows.
template <class T, class Convert>
void fill(std::uint64_t seed, const Table& table, const Shard& shard, Workers& workers, T* values,
          Convert convert) {
  const NamedUniform uniform(seed, table.name);
  const float scale = initial_scale(table.rows);
  share_rows(workers, shard.rows(), [&](std::int64_t begin, std::int64_t end) {
    T* next = values + begin * shard.columns();
    for (std::int64_t row = shard.row_begin + begin; row < shard.row_begin + end; ++row) {
      const std::uint64_t key = uniform.row_key(row);
      for (std::int64_t column = shard.col_begin; column < shard.col_end; ++column) {
        *next++ = convert(NamedUniform::value(key, column, scale));
      }
    }
  });
}

}  // namespace

float initial_scale(std::int64_t rows) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(rows)));
}

LineVector<float> initial_weights(std::uint64_t seed, const Table& table, const Shard& shard,
                                  Workers& workers) {
  LineVector<float> weights = shard_values(table, shard, shard.columns(), workers);
  fill(seed, table, shard, workers, weights.data(), [](float value) { return value; });
  return weights;
}

LineVector<std::uint16_t> initial_weights16(std::uint64_t seed, const Table& table,
                                            const Shard& shard, Workers& workers) {
  LineVector<std::uint16_t> weights = shard_values16(table, shard, workers);
  const bool is_bf16 = table.dtype == DataType::bf16;
  fill(seed, table, shard, workers, weights.data(), [is_bf16](float value) {
    return is_bf16 ? nearest_bf16(value).bits : nearest_fp16(value).bits;
  });
  return weights;
}

float initial_embedding_weight(std::uint64_t seed, const std::string& table, std::int64_t rows,
                               std::int64_t row, std::int64_t column) {
  const std::uint64_t key = NamedUniform(seed, table).row_key(row);
  return NamedUniform::value(key, column, initial_scale(rows));
}

}  // namespace shardwright
