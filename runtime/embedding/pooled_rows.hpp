#pragma once

#include "costmodel/table.hpp"
#include "runtime/embedding/line_vector.hpp"
#include "runtime/embedding/row_groups.hpp"
#include "runtime/embedding/work_split.hpp"
#include "runtime/embedding/workers.hpp"
#include "runtime/exchange/layout.hpp"
#include "runtime/exchange/unique_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// What a rank does for its own samples on tables that send rows: it pools the rows it was sent, in
/// the order of each bag's ids, and sums the gradients of each row over its samples before they are
/// sent back. The same bits with any number of workers. Borrows all that it is made of; keeps its
/// buffers from batch to batch.
class PooledRows {
 public:
  PooledRows(const ExchangeLayout& layout, const Workload& workload, Workers& workers);

  /// Makes room for the batch's rows.
  void start(const UniqueIds& ids);
  /// [UniqueIds::OfTable::ids][columns].
  struct Matrix {
    std::span<float> values;
    std::int64_t columns = 0;
  };
  /// Of one of the tables: to be filled with its rows before pool(); sums of their gradients after
  /// sum_gradients().
  Matrix rows(TableId table);
  /// Fills the tables' columns of `pooled`, [samples][pooled columns].
  void pool(const UniqueIds& ids, std::span<float> pooled);
  /// Of d loss / d pooled.
  void sum_gradients(const UniqueIds& ids, std::span<const float> pooled_gradient);

 private:
  struct OfTable {
    TableId table{0};
    PoolingMode mode = PoolingMode::sum;
    std::int64_t dim = 0;
    std::int64_t pooled_column = 0;  ///< of its first feature
    std::size_t begin = 0;           ///< in values_
    std::size_t size = 0;
    RowGroups groups;
  };

  WorkShare task_share(const UniqueIds& ids) const;
  static void group(const UniqueIds::OfTable& ids, OfTable& table);
  float* values(const OfTable& table) { return values_.data() + table.begin; }

  std::int64_t pooled_columns_;
  Workers& workers_;
  std::vector<OfTable> tables_;
  LineVector<float> values_;
};

}  // namespace shardwright
