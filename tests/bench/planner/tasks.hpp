#pragma once

#include "planner/search/local/random_stream.hpp"
#include "planner/spec/read_workload.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

namespace shardwright::bench {

/// Tables of data/table_pool, pooled ones with rows and ids.
inline std::vector<Table> read_pool(const std::string& file) {
  std::vector<Table> pool;
  for (const Table& table : read_workload({file, "", {}}).workload.tables) {
    if (table.pooling > 0) pool.push_back(table);
  }
  return pool;
}

/// Those that put out one row per bag. The others would decide alone what large plans cost.
inline std::vector<Table> pooled(std::vector<Table> pool) {
  std::erase_if(pool, [](const Table& table) { return table.mode == PoolingMode::none; });
  return pool;
}

/// `count` tables drawn with replacement; widths 4 … `most_dim` in steps of 4, uniform, or those of
/// the pool if it is 0.
inline Workload draw_tables(RandomStream& random, const std::vector<Table>& pool, std::size_t count,
                            std::size_t most_dim, std::int64_t batch_size) {
  Workload workload;
  workload.batch_size = batch_size;
  for (std::size_t i = 0; i < count; ++i) {
    Table table = pool[random.below(pool.size())];
    table.name = fmt::format("{}.{}", table.name, i);
    if (most_dim > 0) table.dim = 4 * static_cast<std::int64_t>(1 + random.below(most_dim / 4));
    workload.tables.push_back(table);
  }
  return workload;
}

inline double weight_gigabytes(const Workload& workload) {
  double sum = 0;
  for (const Table& table : workload.tables) {
    sum += 4e-9 * static_cast<double>(table.rows) * static_cast<double>(table.dim);
  }
  return sum;
}

/// NeuroShard's tasks (tools/gen_tasks of its repository; arXiv 2305.01868): `least` … `most`
/// tables, drawn anew until their fp32 weights take at most `most_gigabytes`.
inline Workload neuroshard_task(RandomStream& random, const std::vector<Table>& pool,
                                std::size_t least, std::size_t most, double most_gigabytes) {
  while (true) {
    const std::size_t count = least + random.below(most - least + 1);
    Workload workload = draw_tables(random, pool, count, 128, 65'536);
    if (weight_gigabytes(workload) <= most_gigabytes) return workload;
  }
}

}  // namespace shardwright::bench
