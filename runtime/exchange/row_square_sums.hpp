#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Row-wise Adagrad divides by a statistic of whole rows. Where a table's columns are split, each
/// shard has only a part of it: one double per row of the batch and shard. The owners of a split
/// table exchange these parts and add them in the order of the columns, so that all get the same
/// bits. 8 bytes per row, shard and other owner of the table.
class RowSquareSums {
 public:
  RowSquareSums(const ExchangeLayout& layout, const Workload& workload, RankId self);

  /// Whether any table of any rank needs this: then all ranks must call exchange().
  bool needed() const { return needed_; }
  /// Whether the table, as a position in OwnerLayout::tables of this rank, does.
  bool needed(std::size_t owned_table) const { return !tables_[owned_table].parts.empty(); }

  /// Makes room for the parts of one owned table in a batch that touches `rows` rows of it.
  void start(std::size_t owned_table, std::size_t rows);
  /// This rank's part, to be filled; `shard` counts the table's shards on this rank.
  std::span<double> own_part(std::size_t owned_table, std::size_t shard);
  /// Blocks.
  void exchange(Communicator& comm);
  /// After exchange(): for each touched row the sum over all columns of the table. Empty for tables
  /// that do not need it.
  std::span<const double> totals(std::size_t owned_table) const {
    return tables_[owned_table].totals;
  }

 private:
  struct Table {
    std::vector<std::size_t> parts;      ///< owner of each shard in column order; empty: not split
    std::vector<std::size_t> own_parts;  ///< positions of this rank's
    std::size_t rows = 0;
    std::vector<double> values;  ///< [parts][rows]
    std::vector<double> totals;  ///< [rows]
    std::span<double> part(std::size_t p) { return std::span(values).subspan(p * rows, rows); }
  };

  void pack_for(std::size_t peer);
  void unpack_parts();

  std::size_t self_;
  bool needed_ = false;
  std::vector<Table> tables_;              ///< as OwnerLayout::tables of this rank
  std::vector<std::vector<double>> sent_;  ///< per rank
  std::vector<std::vector<double>> received_;
};

}  // namespace shardwright
