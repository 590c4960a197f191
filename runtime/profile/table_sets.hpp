#pragma once

#include "costmodel/table.hpp"
#include "costmodel/timings/compute_timings.hpp"

#include <cstdint>
#include <vector>

namespace shardwright {

/// A real table to draw from: rows, dim, mean ids per sample.
struct PoolTable {
  std::int64_t rows = 0;
  std::int64_t dim = 0;
  double pooling = 0;
};

/// What random table sets look like; docs/timings.md, "Profiles of computation", has the law.
struct TableSetRanges {
  std::int64_t least_tables = 1;
  std::int64_t most_tables = 30;
  double most_memory_bytes = 2e9;  ///< weights and optimizer state
  double least_pass_ms = 1;        ///< of a rough guess of forward and backward
  double most_pass_ms = 150;
  bool cuts = true;              ///< whether tables may be cut by columns
  double speed = 1;              ///< of the device, in cores of a CPU; for the guess
  std::vector<DataType> dtypes;  ///< drawn from alike; none: fp32
  std::vector<PoolTable> pool;   ///< half of the tables are drawn from it; may be empty
};

/// Rows and dims of a set, its optimizer, and several batches for it: in each of them batch size,
/// pooling and skew are drawn anew. Depends on nothing but the arguments.
struct TableSet {
  OptimizerKind optimizer = OptimizerKind::rowwise_adagrad;
  DataType dtype = DataType::fp32;
  struct Variant {
    std::int64_t batch_size = 0;
    std::vector<MeasuredTable> tables;  ///< with the set's rows and dims
  };
  std::vector<Variant> variants;
};
TableSet draw_table_set(const TableSetRanges& ranges, std::uint64_t seed, std::int64_t set,
                        std::int64_t variants);

}  // namespace shardwright
