#pragma once

#include "runtime/comm/communicator.hpp"
#include "runtime/exchange/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shardwright {

/// Row-wise optimizers divide by a statistic of whole rows. Where a table's columns are split, each
/// piece has only a part of it: one double per row of the batch and piece. The owners of a block of
/// rows exchange these parts and add them in the order of the columns, so that all get the same
/// bits. 8 bytes per row, piece and other owner of the block.
class RowSquareSums {
 public:
  RowSquareSums(const ExchangeLayout& layout, const Workload& workload, RankId self);

  /// Whether any table of any rank needs this: then all ranks must call exchange().
  bool needed() const { return needed_; }
  /// Whether the block, as a position in OwnerLayout::blocks of this rank, does.
  bool needed(std::size_t block) const { return !blocks_[block].parts.empty(); }

  /// Makes room for the parts of one block in a batch that touches `rows` rows of it.
  void start(std::size_t block, std::size_t rows);
  /// This rank's part, to be filled; `piece` counts the block's pieces on this rank.
  std::span<double> own_part(std::size_t block, std::size_t piece);
  /// Blocks.
  void exchange(Communicator& comm);
  /// After exchange(): for each touched row the sum over all columns of the table. Empty for blocks
  /// that do not need it.
  std::span<const double> totals(std::size_t block) const { return blocks_[block].totals; }

 private:
  struct Block {
    std::vector<std::size_t> parts;      ///< owner of each piece in column order; empty: not split
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
  std::vector<Block> blocks_;              ///< as OwnerLayout::blocks of this rank
  std::vector<std::vector<double>> sent_;  ///< per rank
  std::vector<std::vector<double>> received_;
};

}  // namespace shardwright
